import { isoTime } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import { cloudWatchTime } from "./alarm-words.ts";
import { chance, uniform, uuidOf, wholeBetween } from "./random.ts";
import { type AlarmRuntime, streamOf, type World } from "./state.ts";
import type { CompositeAlarm, MetricAlarm } from "./types.ts";

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
    state: { ...stateOf(after), ...suppressionOf(world, after) },
    previousState: stateOf(before),
    configuration: { description: after.description, ...watched(after) },
  },
});

const watched = (alarm: AlarmRuntime): Readonly<Record<string, Json>> =>
  alarm.kind === "composite" ? compositeRule(alarm) : { metrics: metricQueries(alarm) };

const compositeRule = ({ children, suppressor }: CompositeAlarm): Readonly<Record<string, Json>> => ({
  alarmRule: children.map((child) => `ALARM("${child}")`).join(" OR "),
  ...(suppressor === null
    ? {}
    : { actionsSuppressor: suppressor, actionsSuppressorWaitPeriod: 120, actionsSuppressorExtensionPeriod: 180 }),
});

/** An anomaly detector's alarm watches its metric and the band that is computed of it. */
const metricQueries = (alarm: MetricAlarm): readonly Json[] => {
  const { namespace, metricName: name, dimensions, periodSeconds: period, stat } = alarm.metric;
  const id = alarm.band === null ? uuidOf(`${alarm.name}|metric`) : "m1";
  const metric = { id, metricStat: { metric: { namespace, name, dimensions }, period, stat }, returnData: true };
  return alarm.band === null
    ? [metric]
    : [
        metric,
        { id: "ad1", expression: "ANOMALY_DETECTION_BAND(m1, 2)", label: `${name} (expected)`, returnData: true },
      ];
};

/** While its suppressor rings, a composite alarm's change says so, and its actions do not run. */
const suppressionOf = (world: World, alarm: AlarmRuntime): Readonly<Record<string, Json>> => {
  if (alarm.kind !== "composite" || alarm.suppressor === null || alarm.state !== "ALARM") return {};
  const suppressor = world.alarms.find(({ name }) => name === alarm.suppressor);
  return suppressor?.state === "ALARM"
    ? { actionsSuppressedBy: "Alarm", actionsSuppressedReason: `Actions suppressed by ${suppressor.name}` }
    : {};
};

const stateOf = (alarm: AlarmRuntime): Readonly<Record<string, Json>> => ({
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
