import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { harmOf, numberOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/);
/** No group runs more instances than this without its owners asking for it. */
const MOST_INSTANCES = 1000;
const instances = z.int().min(1).max(MOST_INSTANCES);
const cluster = z
  .string()
  .regex(/^arn:aws[a-z-]{0,20}:ecs:[a-z0-9-]{1,25}:[0-9]{12}:cluster\/[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$/);

const ID = "ecs-cluster-capacity";
const TARGET_TYPE = "AWS::AutoScaling::AutoScalingGroup";
const SERVICE_TYPE = "AWS::ECS::Service";
/** A service with less of its tasks than this lacks more than one that is just being replaced. */
const SHORT_SHARE = 0.9;
/** More than this at once is a decision about money, not a remedy. */
const MOST_GROWTH = 3;
/** What a person adds who has no time to compute. */
const AIM_GROWTH = 2;
/** Growth above this takes noticeably of the account's room for instances, and of its money: a person is asked. */
const LARGE_GROWTH = 1.5;

/** Parameters for a group of container instances; null for any other group, and where nothing can be added. */
const grown = (target: Resource, growth: number): Params | null => {
  const desired = numberOf(target, "desiredCapacity");
  const most = numberOf(target, "maxSize");
  const group = textOf(target, "autoScalingGroupName");
  const Cluster = textOf(target, "ecsCluster");
  if (desired === null || desired < 1 || most === null || group === null || Cluster === null) return null;
  const DesiredCapacity = Math.min(MOST_INSTANCES, most, Math.ceil(desired * Math.min(growth, MOST_GROWTH)));
  return DesiredCapacity <= desired
    ? null
    : { AutoScalingGroupName: group, Cluster, DesiredCapacity, ExpectedDesiredCapacity: desired };
};

/** Tasks that a service wants and that nothing starts: none pending, none failed, and no deployment that replaces them. */
const missingOf = (service: Resource): number => {
  const desired = numberOf(service, "desiredCount") ?? 0;
  const running = numberOf(service, "runningCount") ?? 0;
  const isStarting = (numberOf(service, "pendingCount") ?? 0) > 0 || (numberOf(service, "failedTasks") ?? 0) > 0;
  return isStarting || service.attributes.deploymentInProgress === true || running >= desired * SHORT_SHARE
    ? 0
    : desired - running;
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const arn = textOf(target, "ecsCluster");
  if (arn === null || wasTried(context, ID, target.arn)) return [];
  const services = context.resources.filter(({ type, dependsOn }) => type === SERVICE_TYPE && dependsOn.includes(arn));
  const short = services.filter((service) => missingOf(service) > 0);
  if (short.length === 0) return [];
  const wanted = services.reduce((sum, service) => sum + (numberOf(service, "desiredCount") ?? 0), 0);
  const missing = short.reduce((sum, service) => sum + missingOf(service), 0);
  const params = grown(target, wanted / Math.max(1, wanted - missing));
  if (params === null) return [];
  const told = `${shown(missing)} of ${shown(wanted)} tasks of ${target.name} have no room`;
  const harm = short.map((service) => harmOf(context, service.arn)).find((one) => one !== null) ?? null;
  if (harm === null)
    return [{ target: target.arn, params, fit: 0.4, because: `${told}, and nobody is hurt.`, evidence: [] }];
  const because = `${told} while ${harm.what} rose from ${shown(harm.before)} to ${shown(harm.now)}.`;
  return [{ target: target.arn, params, fit: 0.85, because, evidence: [harm.series] }];
};

/** Raises the number of container instances of a cluster whose services want tasks that it has no room for. */
export const ecsClusterCapacity: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Give an ECS cluster more container instances",
  kind: "effect",
  effect: "More instances start and pending tasks with them; what runs goes on. It costs what the instances cost.",
  targetType: TARGET_TYPE,
  parameters: z
    .strictObject({
      AutoScalingGroupName: name,
      Cluster: cluster,
      DesiredCapacity: instances,
      ExpectedDesiredCapacity: instances,
    })
    .refine((one) => one.DesiredCapacity > one.ExpectedDesiredCapacity, "it only ever adds instances")
    .refine(
      (one) => one.DesiredCapacity <= Math.max(MOST_GROWTH * one.ExpectedDesiredCapacity, 2),
      "it adds no more than twice what runs",
    ),
  tier: 0,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 6,
  cooldownSeconds: 1800,
  whenRecovered: "finish",
  treats: ["AWS/ECS/CPUUtilization", "AWS/ApplicationELB/HTTPCode_Target_5XX_Count"],
  endsDeployment: false,
  departsFrom: "the group's DesiredCapacity",
  blastRadius: (target, { DesiredCapacity, ExpectedDesiredCapacity }) => {
    // A large growth touches the group and what the account's other groups may still start.
    const isLarge = !(Number(DesiredCapacity) <= LARGE_GROWTH * Number(ExpectedDesiredCapacity));
    return { share: 0, resources: isLarge ? 2 : 1, zones: target.zones, dataStore: false, capacity: null };
  },
  suitsWhen: "Users are hurt while services of an ECS cluster run fewer tasks than they want and none is starting.",
  aim: (target) => grown(target, AIM_GROWTH),
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
