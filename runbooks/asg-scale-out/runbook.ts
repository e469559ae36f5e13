import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { numberOf, pointsOf, riseOf, seriesOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";
import { strainBelow } from "../strain.ts";
import { trafficRise } from "../traffic.ts";

const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/);
/** No group runs more instances than this without its owners asking for it. */
const MOST_INSTANCES = 100;
const instances = z.int().min(1).max(MOST_INSTANCES);

const ID = "asg-scale-out";
const TARGET_TYPE = "AWS::AutoScaling::AutoScalingGroup";
/** Above this a service is slow under its load; the target of AWS's own scaling examples is 60. */
const BUSY_PERCENT = 80;
const GOAL_PERCENT = 60;
/** More than this at once is a decision about money, not a remedy. */
const MOST_GROWTH = 3;
/** What a person adds who has no time to compute. */
const AIM_GROWTH = 2;

/** Parameters for a group that serves users itself; null for container instances, and where nothing can be added. */
const grown = (target: Resource, wanted: (desired: number) => number): Params | null => {
  const desired = numberOf(target, "desiredCapacity");
  const most = numberOf(target, "maxSize");
  const group = textOf(target, "autoScalingGroupName");
  if (desired === null || desired < 1 || most === null || group === null || textOf(target, "ecsCluster") !== null)
    return null;
  const DesiredCapacity = Math.min(MOST_INSTANCES, most, Math.ceil(wanted(desired)));
  return DesiredCapacity <= desired
    ? null
    : { AutoScalingGroupName: group, DesiredCapacity, ExpectedDesiredCapacity: desired };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const cpu = seriesOf(context, target.arn, "CPUUtilization");
  if (cpu === null || wasTried(context, ID, target.arn)) return [];
  const least = { ratio: 1.3, floor: BUSY_PERCENT };
  const busy = riseOf(context, { id: cpu.id, what: cpu.metric.metricName }, pointsOf(cpu, "left-out"), least);
  if (busy === null) return [];
  const traffic = trafficRise(context, target.arn);
  const growth = Math.max(busy.now, busy.before * (traffic === null ? 1 : traffic.now / traffic.before)) / GOAL_PERCENT;
  const params = grown(target, (desired) => Math.max(desired + 1, desired * Math.min(growth, MOST_GROWTH)));
  if (params === null) return [];
  const told = `${target.name} rose from ${shown(busy.before)} to ${shown(busy.now)} % CPU`;
  const offer = (fit: number, because: string, evidence: readonly string[]): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [cpu.id, ...evidence] },
  ];
  if (traffic === null) return offer(0.3, `${told}, without more traffic.`, []);
  const strain = strainBelow(context, target.arn);
  if (strain !== null) return offer(0.3, `${told}, but ${strain.because}.`, strain.evidence);
  return offer(0.85, `${told} while requests rose from ${shown(traffic.before)} to ${shown(traffic.now)} a minute.`, [
    traffic.series,
  ]);
};

/** Raises the number of instances of an Auto Scaling group that is short of CPU under more traffic than before. */
export const asgScaleOut: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Run more instances of an Auto Scaling group",
  kind: "effect",
  effect: "More instances start; those that run go on. It costs what the added instances cost.",
  targetType: TARGET_TYPE,
  parameters: z
    .strictObject({ AutoScalingGroupName: name, DesiredCapacity: instances, ExpectedDesiredCapacity: instances })
    .refine((one) => one.DesiredCapacity > one.ExpectedDesiredCapacity, "it only ever adds instances")
    .refine(
      (one) => one.DesiredCapacity <= Math.max(MOST_GROWTH * one.ExpectedDesiredCapacity, 2),
      "it adds no more than twice what runs",
    ),
  tier: 0,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 5,
  cooldownSeconds: 1800,
  whenRecovered: "finish",
  treats: ["AWS/EC2/CPUUtilization", "AWS/ApplicationELB/TargetResponseTime"],
  endsDeployment: false,
  departsFrom: "the group's DesiredCapacity",
  blastRadius: (target) => {
    const desired = numberOf(target, "desiredCapacity");
    const running = numberOf(target, "inServiceInstances");
    return {
      share: 0,
      resources: 1,
      zones: target.zones,
      dataStore: false,
      capacity: desired === null || running === null ? null : { desired, remaining: running },
    };
  },
  suitsWhen: "The CPU of an Auto Scaling group rose above 80 % and its traffic with it.",
  aim: (target) => grown(target, (desired) => desired * AIM_GROWTH),
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
