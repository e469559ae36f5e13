import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { z } from "zod";
import { type Emulator, startMoto } from "../emulators/emulators.fixture.ts";
import { AwsCallFailed } from "./call.ts";
import { alarmsRinging, alarmsWithPrefix, readAlarms } from "./cloudwatch-alarms.ts";
import { refusal } from "./loopback.fixture.ts";
import { answer, type Operation, openOperations, seconds } from "./operations.fixture.ts";

const PLACE = { account: "123456789012", region: "eu-west-1" };
const CHANGED_MS = Date.UTC(2026, 0, 5, 10, 0, 0, 123);
const keyOf = (name: string): string => `${PLACE.account}/${PLACE.region}/${name}`;

const metricAlarm = (AlarmName: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  ...{ AlarmName, StateValue: "ALARM", StateReason: "Threshold Crossed", StateReasonData: "{}" },
  ...{ StateUpdatedTimestamp: seconds(CHANGED_MS + 60_000), StateTransitionedTimestamp: seconds(CHANGED_MS) },
  ...{ Namespace: "AWS/SQS", MetricName: "NumberOfMessagesSent", Statistic: "Sum", Period: 60, EvaluationPeriods: 3 },
  ...{ Dimensions: [{ Name: "QueueName", Value: "orders" }], Threshold: 5, ComparisonOperator: "GreaterThanThreshold" },
  ...changes,
});
const query = metricAlarm("per-queue", {
  ...{ Namespace: undefined, MetricName: undefined, Statistic: undefined, Period: undefined, Dimensions: undefined },
  Metrics: [
    { Id: "q", Expression: 'SELECT MAX(Age) FROM "AWS/SQS" GROUP BY QueueName', Period: 300, ReturnData: true },
  ],
});

const shown =
  (alarms: Readonly<Record<string, unknown>>): Operation =>
  () =>
    answer({ MetricAlarms: [], CompositeAlarms: [], LogAlarms: [], ...alarms });
const contributors: Operation = (_, nth) =>
  answer(
    nth % 2 === 0
      ? { AlarmContributors: [contributor("c1", 0)], NextToken: "more" }
      : { AlarmContributors: [contributor("c2", 5)] },
  );
const contributor = (id: string, secondsLater: number) => ({
  ...{ ContributorId: id, ContributorAttributes: { QueueName: id }, StateReason: `${id} is old` },
  StateTransitionedTimestamp: seconds(CHANGED_MS) + secondsLater,
});
const mutes: Readonly<Record<string, Operation>> = {
  ListAlarmMuteRules: () =>
    answer({
      AlarmMuteRuleSummaries: [{ AlarmMuteRuleArn: "arn:aws:cloudwatch:eu-west-1:123456789012:alarm-mute-rule:night" }],
    }),
  GetAlarmMuteRule: ({ AlarmMuteRuleName }) =>
    answer({ Name: AlarmMuteRuleName, MuteTargets: { AlarmNames: AlarmMuteRuleName === "night" ? ["asleep"] : [] } }),
};

const opened = async (context: TestContext, operations: Readonly<Record<string, Operation>>) => {
  const { clientConfig, asked } = await openOperations(context, operations);
  return { client: new CloudWatchClient(clientConfig), asked };
};

describe("alarms as they stand", () => {
  it("are asked for a hundred at once, of every type, and come in the order of their keys", async (context) => {
    const names = Array.from({ length: 201 }, (_, i) => `alarm-${i}`);
    const named: Operation = ({ AlarmNames }) =>
      answer({ MetricAlarms: (AlarmNames as readonly string[]).toReversed().map((name) => metricAlarm(name)) });
    const { client, asked } = await opened(context, { DescribeAlarms: named });

    const alarms = await readAlarms(client, PLACE, names.map(keyOf));

    assert.deepEqual(
      alarms.map(({ key }) => key),
      names.map(keyOf),
    );
    assert.deepEqual(
      asked.map(({ request }) => (request.AlarmNames as readonly string[]).length),
      [100, 100, 1],
    );
    assert.deepEqual(asked[0]?.request.AlarmTypes, ["MetricAlarm", "CompositeAlarm", "LogAlarm"]);
  });

  it("have the period and the number of periods that they are judged by, whatever their kind", async (context) => {
    const maths = metricAlarm("maths", {
      ...{ Namespace: undefined, MetricName: undefined, Statistic: undefined, Period: undefined },
      Metrics: [
        { Id: "rate", Expression: "errors / requests" },
        ...[60, 300].map((Period) => ({
          ...{ Id: `m${Period}`, ReturnData: false },
          MetricStat: { Metric: { Namespace: "N", MetricName: "M" }, Period, Stat: "Sum" },
        })),
      ],
    });
    const promQl = metricAlarm("prom", {
      ...{ Namespace: undefined, MetricName: undefined, Statistic: undefined, Period: undefined },
      ...{
        EvaluationCriteria: { PromQLCriteria: { Query: "up" } },
        EvaluationInterval: 30,
        EvaluationPeriods: undefined,
      },
    });
    const composite = {
      AlarmName: "whole",
      StateValue: "OK",
      StateUpdatedTimestamp: seconds(CHANGED_MS),
      AlarmRule: "x",
    };
    const log = { ...composite, AlarmName: "words", AlarmRule: undefined, QueryResultsToEvaluate: 4 };
    const answers = { MetricAlarms: [maths, promQl], CompositeAlarms: [composite], LogAlarms: [log] };
    const { client } = await opened(context, { DescribeAlarms: shown(answers) });

    const alarms = await readAlarms(client, PLACE, ["maths", "prom", "whole", "words"].map(keyOf));

    assert.deepEqual(
      alarms.map(({ state, changedAtMs, periodSeconds, evaluationPeriods }) => [
        ...[state, changedAtMs, periodSeconds, evaluationPeriods],
      ]),
      [
        ["ALARM", CHANGED_MS, 300, 3],
        ["ALARM", CHANGED_MS, 30, 1],
        ["OK", CHANGED_MS, 60, 1],
        ["OK", CHANGED_MS, 60, 4],
      ],
    );
  });

  it("are left out where they are another account's or Region's, and nothing is asked of those", async (context) => {
    const { client, asked } = await opened(context, {});

    const alarms = await readAlarms(client, PLACE, ["999999999999/eu-west-1/a", "123456789012/us-east-1/a"]);

    assert.deepEqual([alarms, asked], [[], []]);
  });

  it("are told from their contributors, though both names may hold slashes", async (context) => {
    const alarms = {
      MetricAlarms: [metricAlarm("team/api"), { ...query, AlarmName: "team/queues" }, metricAlarm("team")],
    };
    const operations = { DescribeAlarms: shown(alarms), DescribeAlarmContributors: contributors };
    const { client, asked } = await opened(context, operations);

    const keys = ["team/api", "team/queues/c1", "team/queues/c2", "team/queues/c3", "team/gone"].map(keyOf);
    const read = await readAlarms(client, PLACE, keys);

    assert.deepEqual(
      read.map(({ key, state, changedAtMs, periodSeconds }) => [key, state, changedAtMs, periodSeconds]),
      [
        [keyOf("team/api"), "ALARM", CHANGED_MS, 60],
        [keyOf("team/queues/c1"), "ALARM", CHANGED_MS, 300],
        [keyOf("team/queues/c2"), "ALARM", CHANGED_MS + 5000, 300],
        [keyOf("team/queues/c3"), "OK", CHANGED_MS, 300],
      ],
    );
    assert.equal(asked.filter(({ operation }) => operation === "DescribeAlarmContributors").length, 2);
  });

  it("say nothing of a contributor that their own missing data leaves open", async (context) => {
    const alarms = { MetricAlarms: [{ ...query, StateValue: "INSUFFICIENT_DATA" }] };
    const none: Operation = () => answer({ AlarmContributors: [] });
    const { client } = await opened(context, { DescribeAlarms: shown(alarms), DescribeAlarmContributors: none });

    const [alarm] = await readAlarms(client, PLACE, [keyOf("per-queue/c1")]);

    assert.equal(alarm?.state, "INSUFFICIENT_DATA");
  });

  it("are a failed call where CloudWatch does not let them be read", async (context) => {
    const { client } = await opened(context, { DescribeAlarms: () => refusal("json-1.0", 403, "AccessDenied") });

    await assert.rejects(readAlarms(client, PLACE, [keyOf("a")]), AwsCallFailed);
  });
});

describe("alarms that ring", () => {
  it("come as an event of each would have told them, and as one for each contributor", async (context) => {
    const band = { Id: "b", Expression: "ANOMALY_DETECTION_BAND(m)" };
    const reason = { version: "1.0", queryDate: "2026-01-05T10:00:00.000+0000", recentDatapoints: [9], threshold: 7.5 };
    const anomaly = { Threshold: undefined, Metrics: [band], StateReasonData: JSON.stringify(reason) };
    const suppressed = {
      ...{ AlarmName: "whole", StateValue: "ALARM", StateUpdatedTimestamp: seconds(CHANGED_MS), AlarmRule: "x" },
      ...{ ActionsSuppressedBy: "WaitPeriod", AlarmDescription: "all of it" },
    };
    const answers = {
      MetricAlarms: [metricAlarm("one"), metricAlarm("asleep"), metricAlarm("odd", anomaly), query],
      CompositeAlarms: [suppressed],
    };
    const operations = { DescribeAlarms: shown(answers), DescribeAlarmContributors: contributors, ...mutes };
    const { client, asked } = await opened(context, operations);

    const alarms = await alarmsRinging(client, PLACE, "");

    assert.deepEqual(
      alarms.map(({ key, kind, threshold, suppressedBy, muted }) => [key, kind, threshold, suppressedBy, muted]),
      [
        [keyOf("one"), "metric", 5, null, false],
        [keyOf("asleep"), "metric", 5, null, true],
        [keyOf("odd"), "anomaly", 7.5, null, false],
        [keyOf("per-queue/c1"), "query", 5, null, false],
        [keyOf("per-queue/c2"), "query", 5, null, false],
        [keyOf("whole"), "composite", null, "WaitPeriod", false],
      ],
    );
    assert.deepEqual(alarms[0]?.metrics, [
      {
        ...{ namespace: "AWS/SQS", metricName: "NumberOfMessagesSent", dimensions: { QueueName: "orders" } },
        ...{ stat: "Sum", periodSeconds: 60 },
      },
    ]);
    assert.deepEqual(
      [alarms[4]?.attributes, alarms[4]?.reason, alarms[4]?.changedAtMs, alarms[5]?.description],
      [{ QueueName: "c2" }, "c2 is old", CHANGED_MS + 5000, "all of it"],
    );
    assert.equal(asked[0]?.request.StateValue, "ALARM");
  });

  it("are taken for not muted where the mutes cannot be read", async (context) => {
    const { client } = await opened(context, {
      DescribeAlarms: shown({ MetricAlarms: [metricAlarm("asleep")] }),
      ListAlarmMuteRules: () => refusal("json-1.0", 403, "AccessDenied"),
    });

    const alarms = await alarmsRinging(client, PLACE, "");

    assert.deepEqual(
      alarms.map(({ alarmName, muted }) => [alarmName, muted]),
      [["asleep", false]],
    );
  });

  it("are read to the last page", async (context) => {
    const pages: Operation = (_, nth) =>
      answer({ MetricAlarms: [metricAlarm(`a${nth}`)], ...(nth < 3 ? { NextToken: `page ${nth}` } : {}) });
    const { client } = await opened(context, { DescribeAlarms: pages, ListAlarmMuteRules: () => answer({}) });

    const alarms = await alarmsRinging(client, PLACE, "a");

    assert.deepEqual(
      alarms.map(({ alarmName }) => alarmName),
      ["a0", "a1", "a2", "a3"],
    );
  });
});

describe("alarms of an emulator", () => {
  let moto: Emulator;
  let client: CloudWatchClient;
  before(async () => {
    moto = await startMoto();
    client = new CloudWatchClient(moto.clientConfig);
    for (const name of ["shop-5xx", "shop-latency", "bank-5xx"])
      await client.send(
        new PutMetricAlarmCommand({
          ...{ AlarmName: name, Namespace: "AWS/ApplicationELB", MetricName: "RequestCount", ExtendedStatistic: "p99" },
          ...{ Period: 120, EvaluationPeriods: 2, Threshold: 1, ComparisonOperator: "GreaterThanThreshold" },
          Dimensions: [{ Name: "LoadBalancer", Value: "app/shop/1" }],
        }),
      );
    for (const AlarmName of ["shop-5xx", "bank-5xx"])
      await client.send(new SetAlarmStateCommand({ AlarmName, StateValue: "ALARM", StateReason: "it is tried out" }));
  });
  after(() => moto.stop());

  it("are listed by what their names begin with, in the order of their names", async () => {
    const alarms = await alarmsWithPrefix(client, "shop-");

    assert.deepEqual(
      alarms.map(({ name, kind, state }) => [name, kind, state]),
      [
        ["shop-5xx", "metric", "ALARM"],
        ["shop-latency", "metric", "OK"],
      ],
    );
    assert.deepEqual(alarms[0]?.metrics[0]?.stat, "p99");
  });

  it("ring where their names begin so and their state is ALARM, the mutes unread as they are", async () => {
    const alarms = await alarmsRinging(client, PLACE, "shop-");

    assert.deepEqual(
      alarms.map(({ key, state, reason }) => [key, state, reason]),
      [[keyOf("shop-5xx"), "ALARM", "it is tried out"]],
    );
  });
});

const snapshots = z.record(z.string(), z.object({ "recorded-content": z.record(z.string(), z.unknown()) }));
const testData = process.env.QUELL_TEST_DATA;
if (testData === undefined) {
  const how = "set QUELL_TEST_DATA to the folder of recorded inputs";
  process.stdout.write(`recorded answers of DescribeAlarms are skipped: ${how}\n`);
  it("recorded answers of DescribeAlarms are read", { skip: how }, () => {});
} else {
  describe("recorded answers of DescribeAlarms", () => {
    const folder = join(testData, "aws_api", "localstack-snapshots");
    const text = readFileSync(join(folder, "test_cloudwatch.snapshot.json"), "utf8");
    // The recorder put words where times were.
    const timed = text.replaceAll(/("State\w+Timestamp": )"timestamp"/g, `$1${seconds(CHANGED_MS)}`);
    const answers = Object.values(snapshots.parse(JSON.parse(timed.replaceAll(/"\w+Timestamp": "timestamp",/g, ""))))
      .flatMap((test) => Object.values(test["recorded-content"]))
      .flatMap((recorded) => {
        const read = z.object({ MetricAlarms: z.array(z.looseObject({ AlarmName: z.string() })).min(1) });
        const parsed = read.safeParse(recorded);
        return parsed.success ? [parsed.data] : [];
      });

    it("are all understood: their state, their metric, their period and their threshold", async (context) => {
      const { client } = await opened(context, { DescribeAlarms: (_, nth) => answer(answers[nth] ?? {}) });

      const read = [];
      for (const _ of answers) read.push(await alarmsWithPrefix(client, ""));

      assert.ok(answers.length > 20);
      assert.deepEqual(
        read.map((alarms) => alarms.length),
        answers.map(({ MetricAlarms }) => MetricAlarms.length),
      );
      for (const { state, metrics, periodSeconds, threshold, changedAtMs } of read.flat()) {
        assert.match(state, /^(OK|ALARM|INSUFFICIENT_DATA)$/);
        assert.equal(metrics.length, 1);
        assert.ok(periodSeconds > 0 && threshold !== null && changedAtMs === CHANGED_MS);
      }
    });
  });
}
