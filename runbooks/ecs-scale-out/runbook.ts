import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { arnParts, numberOf, pointsOf, riseOf, seriesOf, shown, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";
import { strainBelow } from "../strain.ts";
import { trafficRise } from "../traffic.ts";

const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$/);
/** No service of one cluster runs more tasks than this without its owners asking for it. */
const MOST_TASKS = 100;
const tasks = z.int().min(1).max(MOST_TASKS);

const ID = "ecs-scale-out";
const TARGET_TYPE = "AWS::ECS::Service";
/** Above this a service is slow under its load; the target of AWS's own scaling examples is 60. */
const BUSY_PERCENT = 80;
const GOAL_PERCENT = 60;
/** More than this at once is a decision about money, not a remedy. */
const MOST_GROWTH = 3;
/** What a person adds who has no time to compute. */
const AIM_GROWTH = 2;

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const desired = numberOf(target, "desiredCount");
  const running = numberOf(target, "runningCount");
  const cpu = seriesOf(context, target.arn, "CPUUtilization");
  const [, cluster, service] = arnParts(target.arn);
  if (desired === null || desired < 1 || running === null || cluster === undefined || service === undefined) return [];
  if (cpu === null || wasTried(context, ID, target.arn)) return [];
  const busy = riseOf(context, { id: cpu.id, what: cpu.metric.metricName }, pointsOf(cpu, "left-out"), {
    ratio: 1.3,
    floor: BUSY_PERCENT,
  });
  if (busy === null) return [];
  const traffic = trafficRise(context, target.arn);
  const growth = Math.max(busy.now, busy.before * (traffic === null ? 1 : traffic.now / traffic.before)) / GOAL_PERCENT;
  const wanted = Math.ceil(desired * Math.min(growth, MOST_GROWTH));
  const count = Math.min(Math.max(wanted, desired + 1), MOST_TASKS);
  if (count <= desired) return [];
  const told = `${target.name} rose from ${shown(busy.before)} to ${shown(busy.now)} % CPU`;
  const params = { Cluster: cluster, Service: service, DesiredCount: count, ExpectedDesiredCount: desired };
  const offer = (fit: number, because: string, evidence: readonly string[]): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [cpu.id, ...evidence] },
  ];
  if (traffic === null) return offer(0.3, `${told}, without more traffic.`, []);
  if (running < desired) return offer(0.35, `${told}, but only ${running} of ${desired} tasks run.`, []);
  const strain = strainBelow(context, target.arn);
  if (strain !== null) return offer(0.3, `${told}, but ${strain.because}.`, strain.evidence);
  return offer(0.85, `${told} while requests rose from ${shown(traffic.before)} to ${shown(traffic.now)} a minute.`, [
    traffic.series,
  ]);
};

/** Raises the number of tasks of an ECS service that is short of CPU under more traffic than before. */
export const ecsScaleOut: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Run more tasks of an ECS service",
  kind: "effect",
  effect: "More tasks start; those that run go on. It costs what the added tasks cost.",
  targetType: TARGET_TYPE,
  parameters: z
    .strictObject({ Cluster: name, Service: name, DesiredCount: tasks, ExpectedDesiredCount: tasks })
    .refine(({ DesiredCount, ExpectedDesiredCount }) => DesiredCount > ExpectedDesiredCount, "it only ever adds tasks")
    .refine(
      ({ DesiredCount, ExpectedDesiredCount }) => DesiredCount <= Math.max(MOST_GROWTH * ExpectedDesiredCount, 2),
      "it adds no more than twice what runs",
    ),
  tier: 0,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 4,
  cooldownSeconds: 1800,
  whenRecovered: "finish",
  treats: ["AWS/ECS/CPUUtilization", "AWS/ApplicationELB/TargetResponseTime"],
  endsDeployment: false,
  departsFrom: "the service's DesiredCount",
  blastRadius: (target) => {
    const desired = numberOf(target, "desiredCount");
    const running = numberOf(target, "runningCount");
    return {
      share: 0,
      resources: 1,
      zones: target.zones,
      dataStore: false,
      capacity: desired === null || running === null ? null : { desired, remaining: running },
    };
  },
  suitsWhen: "The CPU of an ECS service rose above 80 % and its traffic with it.",
  aim: ({ arn, attributes }) => {
    const { desiredCount } = attributes;
    const [, Cluster, Service] = arnParts(arn);
    if (typeof desiredCount !== "number" || desiredCount < 1 || Cluster === undefined || Service === undefined)
      return null;
    const DesiredCount = Math.min(MOST_TASKS, Math.ceil(desiredCount * AIM_GROWTH));
    return DesiredCount <= desiredCount ? null : { Cluster, Service, DesiredCount, ExpectedDesiredCount: desiredCount };
  },
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
