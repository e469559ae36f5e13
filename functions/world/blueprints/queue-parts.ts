import type { SqsQueue } from "../resources/sqs-messages.ts";
import { ACCOUNT, REGION, type ServicePlan } from "../topology.ts";
import type { AlarmPlan, Site, SliPlan } from "./blueprint.ts";
import { alarmOn, metricsUnder, sli } from "./metric-plans.ts";

/** What a message may take until its effect is there; whoever sent it waits no longer. */
export const MESSAGE_OBJECTIVE_MS = 60_000;
const LATE_SECONDS = 300;
const MOST_RECEIVES = 5; // AWS advises at least five where a function is the consumer
const VISIBILITY_SECONDS = 180; // six times the handler's timeout, as AWS advises
const DEAD_SHARE = 0.1; // of an hour's messages: more dead ones than that are an outage's

/** A queue and its dead-letter queue. */
export const queuesFor = (plan: ServicePlan, site: Site): readonly [queue: SqsQueue, dead: SqsQueue] => {
  const named = (name: string): SqsQueue => {
    const arn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
    return {
      kind: "sqs-queue",
      arn,
      name,
      service: plan.name,
      root: arn,
      logGroup: null,
      uses: [],
      url: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`,
      visibilitySeconds: VISIBILITY_SECONDS,
      redrive: null,
      deadLettersOf: null,
      backlog: 0,
      poisoned: 0,
      poisonPerMinute: 0,
      awaited: 0,
      oldestAtMs: null,
      failing: 0,
      tasks: [],
    };
  };
  const name = `${site.system}-${plan.name}`;
  const [queue, dead] = [named(name), named(`${name}-dead`)];
  const redrive = { deadLetterQueue: dead.arn, maxReceiveCount: MOST_RECEIVES };
  return [
    { ...queue, uses: [dead.arn], redrive },
    { ...dead, deadLettersOf: queue.arn },
  ];
};

/** Failed handlings are repeated until a message is dead, and no consumer gives up on one before. */
export const handledBy = (queue: SqsQueue, to: string) => ({
  from: queue.arn,
  to,
  callsPerRequest: 1,
  retries: MOST_RECEIVES - 1,
  timeoutMs: 900_000,
  isAsync: false,
});

const depth = ({ name }: SqsQueue) =>
  metricsUnder("AWS/SQS", { QueueName: name })("ApproximateNumberOfMessagesVisible", "Maximum");
const age = ({ name }: SqsQueue) =>
  metricsUnder("AWS/SQS", { QueueName: name })("ApproximateAgeOfOldestMessage", "Maximum");
const many = ({ perSecond }: ServicePlan): number => Math.max(30, Math.round(perSecond * 3600 * DEAD_SHARE));

/** Messages wait too long, and too many of them are dead. */
export const queueAlarms = (queue: SqsQueue, dead: SqsQueue, plan: ServicePlan, site: Site): readonly AlarmPlan[] => [
  alarmOn(
    `${queue.name}-queue-age`,
    "Messages wait too long",
    age(queue),
    { above: LATE_SECONDS },
    site.stream("age-rule"),
  ),
  alarmOn(
    `${dead.name}-letters`,
    `Messages of ${plan.name} are dead`,
    depth(dead),
    { above: many(plan) },
    site.stream("dead-rule"),
  ),
];

/** How late messages are and how many are dead, with the limits at which the alarms ring. */
export const queueSlis = (queue: SqsQueue, dead: SqsQueue, plan: ServicePlan): readonly SliPlan[] => [
  sli("queue age", "latency", age(queue), { above: LATE_SECONDS }),
  sli("dead letters", "saturation", depth(dead), { above: many(plan) }),
];
