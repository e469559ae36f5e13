import { isoTime } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import { chance, uniform, uuidOf, wholeBetween } from "./random.ts";
import { type AlarmRuntime, streamOf, type World } from "./state.ts";

/** CloudWatch's own form of a time: `2026-01-05T01:02:03.000+0000`. */
export const cloudWatchTime = (atMs: number): string => isoTime(atMs).replace("Z", "+0000");

/**
 * A `CloudWatch Alarm State Change` as EventBridge documents it,
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
export const alarmEvent = (world: World, before: AlarmRuntime, after: AlarmRuntime): Json => ({
  version: "0",
  id: uuidOf(`${world.streams}|${after.name}|${after.changedAtMs}`),
  "detail-type": "CloudWatch Alarm State Change",
  source: "aws.cloudwatch",
  account: world.account,
  time: `${isoTime(after.changedAtMs).slice(0, 19)}Z`,
  region: world.region,
  resources: [`arn:aws:cloudwatch:${world.region}:${world.account}:alarm:${after.name}`],
  detail: {
    alarmName: after.name,
    state: stateOf(after),
    previousState: stateOf(before),
    configuration: {
      description: after.description,
      metrics: [
        {
          id: uuidOf(`${after.name}|metric`),
          metricStat: {
            metric: {
              namespace: after.metric.namespace,
              name: after.metric.metricName,
              dimensions: after.metric.dimensions,
            },
            period: after.metric.periodSeconds,
            stat: after.metric.stat,
          },
          returnData: true,
        },
      ],
    },
  },
});

const stateOf = (alarm: AlarmRuntime): Json => ({
  value: alarm.state,
  reason: alarm.reason,
  reasonData: alarm.reasonData,
  timestamp: cloudWatchTime(alarm.changedAtMs),
});

const DUPLICATED = 0.04;
const LATE = 0.04;

/** Puts the event in the outbox: 1-5 s late, now and then minutes late (so later ones overtake it) or twice. */
export const send = (world: World, before: AlarmRuntime, after: AlarmRuntime): void => {
  const event = alarmEvent(world, before, after);
  const draws = streamOf(world, after.name, "delivery");
  const draw = after.changedAtMs;
  const delayMs = wholeBetween(draws, draw, 1000, 5000);
  const lateMs = chance(`${draws}/late`, draw, LATE) ? wholeBetween(`${draws}/late-by`, draw, 20_000, 600_000) : 0;
  const copies = [world.nowMs + delayMs + lateMs];
  if (chance(`${draws}/twice`, draw, DUPLICATED))
    copies.push(world.nowMs + delayMs + Math.round(200 + 60_000 * uniform(`${draws}/twice-after`, draw)));
  for (const deliverAtMs of copies) world.outbox.push({ deliverAtMs, event });
  world.outbox.sort((one, other) => one.deliverAtMs - other.deliverAtMs);
};
