import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CloudWatchClient,
  type MetricDatum,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { zipOf } from "./zip.fixture.ts";

/** What the test's clients speak to, and whose alarms ring. */
export type Place = Readonly<{ clientConfig: object; account: string; region: string }>;

/** A service that users of Quell might run: one function behind an alias, with an alarm on its errors. */
export type Shop = Readonly<{
  name: string;
  alarmName: string;
  aliasArn: string;
  /** The version that the alias points at now. */
  pointsAt: () => Promise<string>;
  /** Writes the minutes up to now: healthy before the release and after a roll-back, failing between. */
  breathe: () => Promise<void>;
  /** CloudWatch's own event of a change of the alarm, as EventBridge delivers it; `times` deliveries of the same. */
  ring: (value: "ALARM" | "OK", times?: number) => Promise<void>;
}>;

const MINUTE_MS = 60_000;
const HISTORY_MINUTES = 75;
/** A release that is that old when its errors show is suspected. */
const RELEASED_MINUTES_AGO = 6;
/** What Lambda's metrics have: recovery is soaked over twice that. */
const ALARM_PERIOD_SECONDS = 60;
const WRITTEN_EVERY_SECONDS = 10;
/** One call takes at most 1,000. */
const MOST_DATA = 500;
const REQUESTS = 600;
const FAILING = 240;

const SOURCE = (version: number): string =>
  `exports.handler = async () => { ${version === 1 ? 'return "ok"' : 'throw new Error("no such price")'}; };`;

/** Puts a function with two versions there; its alias moved to the second, which fails, some minutes ago. */
export const openShop = async (place: Place, name: string): Promise<Shop> => {
  const lambda = new LambdaClient(place.clientConfig);
  const cloudWatch = new CloudWatchClient(place.clientConfig);
  const events = new EventBridgeClient(place.clientConfig);
  const alarmName = `e2e-${name}-errors`;
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: `arn:aws:iam::${place.account}:role/e2e-shop`,
      Code: { ZipFile: zipOf({ "index.js": SOURCE(1) }) },
    }),
  );
  await lambda.send(new PublishVersionCommand({ FunctionName: name }));
  await lambda.send(new CreateAliasCommand({ FunctionName: name, Name: "live", FunctionVersion: "1" }));
  await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zipOf({ "index.js": SOURCE(2) }) }));
  await lambda.send(new PublishVersionCommand({ FunctionName: name }));
  await lambda.send(new UpdateAliasCommand({ FunctionName: name, Name: "live", FunctionVersion: "2" }));
  const openedMs = Date.now();
  const releases = [
    { version: "1", atMs: openedMs - 2 * HISTORY_MINUTES * MINUTE_MS },
    { version: "2", atMs: openedMs - (RELEASED_MINUTES_AGO + 1) * MINUTE_MS },
  ];
  const Entries = releases.map(({ version, atMs }) => releaseOf(place, name, version, new Date(atMs)));
  await events.send(new PutEventsCommand({ Entries }));
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      AlarmName: alarmName,
      // As a query, for the emulator rings plain metric alarms by the metric's name alone, whatever its dimensions.
      Metrics: [
        {
          Id: "errors",
          ReturnData: true,
          MetricStat: {
            Metric: {
              ...{ Namespace: "AWS/Lambda", MetricName: "Errors" },
              Dimensions: [{ Name: "FunctionName", Value: name }],
            },
            ...{ Stat: "Sum", Period: ALARM_PERIOD_SECONDS },
          },
        },
      ],
      EvaluationPeriods: 1,
      Threshold: 10,
      ComparisonOperator: "GreaterThanThreshold",
    }),
  );
  const pointsAt = async (): Promise<string> =>
    (await lambda.send(new GetAliasCommand({ FunctionName: name, Name: "live" }))).FunctionVersion ?? "";
  let writtenMs = openedMs - HISTORY_MINUTES * MINUTE_MS;
  return {
    name,
    alarmName,
    aliasArn: `arn:aws:lambda:${place.region}:${place.account}:function:${name}:live`,
    pointsAt,
    breathe: async () => {
      const isHealthy = (await pointsAt()) === "1";
      const untilMs = Date.now();
      while (writtenMs <= untilMs) {
        const data: MetricDatum[] = [];
        let atMs = writtenMs;
        for (; atMs <= untilMs && data.length < MOST_DATA; atMs += WRITTEN_EVERY_SECONDS * 1000) {
          const isBefore = atMs < openedMs - RELEASED_MINUTES_AGO * MINUTE_MS;
          data.push(...dataAt(name, atMs, isBefore || isHealthy ? 0 : FAILING));
        }
        await cloudWatch.send(new PutMetricDataCommand({ Namespace: "AWS/Lambda", MetricData: data }));
        // What could not be written is written the next time: a gap is no recovery.
        writtenMs = atMs;
      }
    },
    ring: async (value, times = 1) => {
      const at = new Date();
      const reason = `Threshold Crossed: it went to ${value}`;
      await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: alarmName, StateValue: value, StateReason: reason }));
      const event = eventOf(place, name, alarmName, value, at, reason);
      for (let sent = 0; sent < times; sent += 10)
        await events.send(
          new PutEventsCommand({ Entries: Array.from({ length: Math.min(10, times - sent) }, () => event) }),
        );
    },
  };
};

const BREATH_MS = 5000;

/** Lets shops breathe, one after the other, until it is stopped. @returns stops it, and settles when it has */
export const keepBreathing = (shops: readonly Shop[]): (() => Promise<void>) => {
  const over = new AbortController();
  const breathe = async (): Promise<void> => {
    while (!over.signal.aborted) {
      // The next breath writes what this one could not.
      for (const one of shops)
        await one.breathe().catch((error: unknown) => process.stderr.write(`${one.name} held its breath: ${error}\n`));
      await sleep(BREATH_MS, null, { signal: over.signal }).catch(() => {});
    }
  };
  const breathing = breathe();
  return () => {
    over.abort();
    return breathing;
  };
};

/** One sixth of a minute's traffic. */
const dataAt = (name: string, atMs: number, failing: number): readonly MetricDatum[] => {
  const share = WRITTEN_EVERY_SECONDS / 60;
  const Timestamp = new Date(atMs);
  const Dimensions = [{ Name: "FunctionName", Value: name }];
  return [
    { MetricName: "Invocations", Value: REQUESTS * share, Unit: "Count", Timestamp, Dimensions },
    { MetricName: "Errors", Value: failing * share, Unit: "Count", Timestamp, Dimensions },
    { MetricName: "Duration", Value: 80, Unit: "Milliseconds", Timestamp, Dimensions },
  ];
};

/** CloudTrail's event of an alias that was pointed at a version, as EventBridge delivers it. */
const releaseOf = ({ account, region }: Place, name: string, version: string, at: Date) => ({
  Source: "aws.lambda",
  DetailType: "AWS API Call via CloudTrail",
  Time: at,
  Detail: JSON.stringify({
    ...{ eventVersion: "1.11", eventID: randomUUID(), eventType: "AwsApiCall", awsRegion: region },
    ...{ eventSource: "lambda.amazonaws.com", eventName: "UpdateAlias20150331", eventTime: at.toISOString() },
    recipientAccountId: account,
    userIdentity: { type: "IAMUser", userName: "pipeline", arn: `arn:aws:iam::${account}:user/pipeline` },
    requestParameters: { functionName: name, name: "live", functionVersion: version },
    responseElements: { functionVersion: version, name: "live" },
  }),
});

const eventOf = (
  { account, region }: Place,
  name: string,
  alarmName: string,
  value: string,
  at: Date,
  reason: string,
) => ({
  Source: "aws.cloudwatch",
  DetailType: "CloudWatch Alarm State Change",
  Resources: [`arn:aws:cloudwatch:${region}:${account}:alarm:${alarmName}`],
  Time: at,
  Detail: JSON.stringify({
    alarmName,
    state: { value, reason, timestamp: at.toISOString().replace("Z", "+0000") },
    previousState: { value: value === "ALARM" ? "OK" : "ALARM" },
    configuration: {
      metrics: [
        {
          id: "errors",
          metricStat: {
            metric: { namespace: "AWS/Lambda", name: "Errors", dimensions: { FunctionName: name } },
            period: ALARM_PERIOD_SECONDS,
            stat: "Sum",
          },
          returnData: true,
        },
      ],
    },
  }),
});
