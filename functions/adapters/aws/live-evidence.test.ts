import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import type { MetricRef } from "../../core/alarm.ts";
import type { Change, Lack, Resource } from "../../core/evidence.ts";
import {
  API_ARN,
  alarmWith,
  ERRORS,
  LATENCY,
  MINUTE_MS,
  OPENED_MS,
  REQUESTS,
  resourceWith,
  service,
  settingsWith,
} from "../../core/example.fixture.ts";
import { gatherContext, type Subject } from "../../core/gather.ts";
import { evidenceContract } from "../contracts/evidence.contract.ts";
import { type Emulator, startMoto } from "../emulators/emulators.fixture.ts";
import { AwsCallFailed } from "./call.ts";
import { liveEvidence } from "./live-evidence.ts";
import { type Reply, refusal } from "./loopback.fixture.ts";
import { answer, type Operation, openOperations, seconds } from "./operations.fixture.ts";

const PLACE = { account: "123456789012", region: "eu-west-1" };
const NOW_MS = OPENED_MS + 10 * MINUTE_MS;
const BALANCER_ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/api/1";
const resources: readonly Resource[] = [
  resourceWith({ dependsOn: [BALANCER_ARN] }),
  resourceWith({ arn: BALANCER_ARN, type: "AWS::ElasticLoadBalancingV2::LoadBalancer", root: BALANCER_ARN }),
];
const change = (atMs: number): Change => ({
  ...{ id: "c", kind: "deployment", atMs, target: API_ARN, ref: "v1", from: null, to: null, author: "ci", title: "t" },
});

const api = { ...service, logGroups: ["/ecs/api"] };
const subject: Subject = {
  ...{ incidentId: "quell-test", keys: [alarmWith().key], openedAtMs: OPENED_MS, service: "api" },
  ...{ alarmMetrics: [ERRORS], words: [], rings: {}, storm: false },
};

type Query = Readonly<{ Id: string }>;
/** Every metric has one datapoint, where the request begins. */
const everyMetric: Operation = ({ MetricDataQueries, StartTime }) =>
  answer({
    MetricDataResults: (MetricDataQueries as readonly Query[]).map(({ Id }) => ({
      ...{ Id, StatusCode: "Complete", Timestamps: [StartTime], Values: [7] },
    })),
  });
const WHOLE: Readonly<Record<string, Operation>> = {
  DescribeAlarms: () =>
    answer({
      MetricAlarms: [
        { AlarmName: "api-5xx", StateValue: "ALARM", StateUpdatedTimestamp: seconds(OPENED_MS), Period: 60 },
      ],
    }),
  GetMetricData: everyMetric,
  DescribeAlarmHistory: () => answer({ AlarmHistoryItems: [] }),
  StartQuery: () => answer({ queryId: "q-1" }),
  StopQuery: () => answer({ success: true }),
  GetQueryResults: () => results("Complete"),
};
const results = (status: string): Reply =>
  answer({
    status,
    results: [
      [
        { field: "@timestamp", value: "2026-01-05 10:05:00.000" },
        { field: "@log", value: "123456789012:/ecs/api" },
        { field: "@message", value: "ERROR no connection left" },
      ],
    ],
  });

const gathering = async (context: TestContext, operations: Readonly<Record<string, Operation>> = {}) => {
  const { clientConfig, asked } = await openOperations(context, { ...WHOLE, ...operations }, { requestTimeout: 200 });
  const evidence = liveEvidence({
    ...{ cloudWatch: new CloudWatchClient(clientConfig), globalCloudWatch: new CloudWatchClient(clientConfig) },
    ...{ logs: new CloudWatchLogsClient(clientConfig), place: PLACE, clock: { nowMs: () => NOW_MS } },
    ...{ resources: async () => resources, changes: async () => [change(OPENED_MS)] },
    logsLimits: { mostLines: 100, mostCharacters: 10_000, mostBytesScanned: 1e9, deadlineMs: 400 },
  });
  const settings = settingsWith({ services: [api] });
  const at = { nowMs: NOW_MS, step: 0, tried: [] };
  return { asked, gather: () => gatherContext(evidence, settings, api, subject, at) };
};

describe("a context that is gathered over AWS's wire", () => {
  it("holds what every source tells, and lacks nothing", async (context) => {
    const { gather, asked } = await gathering(context);

    const gathered = await gather();

    assert.deepEqual([gathered.missing, gathered.cut], [[], []]);
    assert.deepEqual(
      gathered.alarms.map(({ key, state }) => [key, state]),
      [[alarmWith().key, "ALARM"]],
    );
    const errors = gathered.series.find(({ metric }) => metric.metricName === ERRORS.metricName);
    assert.deepEqual([errors?.values[0], errors?.arn, gathered.logs.length], [7, BALANCER_ARN, 1]);
    assert.equal(asked.filter(({ operation }) => operation === "GetMetricData").length, 1);
  });

  const WAYS: readonly Readonly<{ way: string; reply: Reply; because: RegExp }>[] = [
    {
      way: "denied",
      reply: refusal("json-1.0", 403, "AccessDeniedException"),
      because: /may not call \w+:\w+ \(Access/,
    },
    { way: "throttled", reply: refusal("json-1.0", 400, "ThrottlingException"), because: /throttled/ },
    { way: "slow", reply: { kind: "silence" }, because: /no answer within/ },
    { way: "cut off", reply: { kind: "cut" }, because: /ECONNRESET/ },
  ];
  const SOURCES = { DescribeAlarms: "alarms", GetMetricData: "metrics", DescribeAlarmHistory: "history" };
  const LOGS = { StartQuery: "logs", GetQueryResults: "logs" };
  for (const { way, reply, because } of WAYS)
    for (const [operation, source] of Object.entries({ ...SOURCES, ...LOGS }))
      it(`names ${source} as missing where ${operation} is ${way}, and holds all the rest`, async (context) => {
        const { gather } = await gathering(context, { [operation]: () => reply });

        const gathered = await gather();

        assert.deepEqual(
          gathered.missing.map((one) => one.source),
          [source],
        );
        assert.match(gathered.missing[0]?.because ?? "", because);
        assert.match(gathered.missing[0]?.because ?? "", new RegExp(`(cloudwatch|logs):${operation}`));
        assert.deepEqual(
          [gathered.alarms.length > 0, gathered.series.length > 0, gathered.logs.length > 0, gathered.changes.length],
          [source !== "alarms", source !== "metrics", source !== "logs", 1],
        );
      });

  it("keeps the lines of a query that was too slow, and names it", async (context) => {
    const { gather, asked } = await gathering(context, { GetQueryResults: () => results("Running") });

    const gathered = await gather();

    assert.equal(gathered.logs.length, 1);
    assert.match(
      gathered.missing.map(({ source, because }) => `${source}: ${because}`).join(),
      /^logs: .*1 lines were kept/,
    );
    assert.equal(asked.at(-2)?.operation, "StopQuery");
  });

  it("never takes a metric that CloudWatch could not read for one without datapoints", async (context) => {
    const partial: Operation = ({ MetricDataQueries }) =>
      answer({
        MetricDataResults: (MetricDataQueries as readonly Query[]).map(({ Id }, index) => ({
          ...{ Id, StatusCode: index === 0 ? "InternalError" : "Complete", Timestamps: [], Values: [] },
        })),
      });
    const { gather } = await gathering(context, { GetMetricData: partial });

    const gathered = await gather();

    assert.deepEqual(gathered.series, []);
    assert.match(gathered.missing[0]?.because ?? "", /cloudwatch:GetMetricData of .*InternalError, twice/);
  });
});

describe("metrics of global services", () => {
  const requests: MetricRef = {
    ...{ namespace: "AWS/CloudFront", metricName: "Requests", stat: "Sum", periodSeconds: 60 },
    dimensions: { DistributionId: "E1", Region: "Global" },
  };
  const span = [OPENED_MS, NOW_MS] as const;
  const twoRegions = async (context: TestContext, elsewhere: Operation, region = PLACE.region) => {
    const here = await openOperations(context, WHOLE);
    const there = await openOperations(context, { GetMetricData: elsewhere });
    const evidence = liveEvidence({
      ...{
        cloudWatch: new CloudWatchClient(here.clientConfig),
        globalCloudWatch: new CloudWatchClient(there.clientConfig),
      },
      ...{ logs: new CloudWatchLogsClient(here.clientConfig), place: { ...PLACE, region } },
      ...{ clock: { nowMs: () => NOW_MS }, resources: async () => [], changes: async () => [] },
    });
    return { evidence, here, there };
  };

  it("are read in us-east-1, and stand in the order in which they were asked for", async (context) => {
    const { evidence, here, there } = await twoRegions(context, everyMetric);

    const series = await evidence.metrics([ERRORS, requests, LATENCY], ...span);

    assert.deepEqual(
      series.map(({ metric, values }) => [metric, values[0]]),
      [ERRORS, requests, LATENCY].map((metric) => [metric, 7]),
    );
    assert.deepEqual([here.asked.length, there.asked.length], [1, 1]);
  });

  it("are read with all others where that is the Region", async (context) => {
    const { evidence, here, there } = await twoRegions(context, everyMetric, "us-east-1");

    await evidence.metrics([ERRORS, requests], ...span);

    assert.deepEqual([here.asked.length, there.asked.length], [1, 0]);
  });

  it("are null and said to be unread where us-east-1 is down, and a failed call where nobody listens", async (context) => {
    const { evidence } = await twoRegions(context, () => ({ kind: "cut" }));
    const lacks: Lack[] = [];

    const series = await evidence.metrics([ERRORS, requests], ...span, (lack) => lacks.push(lack));

    assert.deepEqual(
      series.map(({ values }) => [values.length, values[0]]),
      [
        [9, 7],
        [9, null],
      ],
    );
    assert.match(JSON.stringify(lacks), /"unread".*in us-east-1: cloudwatch:GetMetricData/);
    await assert.rejects(evidence.metrics([ERRORS, requests], ...span), AwsCallFailed);
  });
});

/** Alarms, datapoints and lines of the last hour, as an account would have them. */
const fill = async (moto: Emulator, metrics: readonly MetricRef[], nowMs: number): Promise<void> => {
  const cloudWatch = new CloudWatchClient(moto.clientConfig);
  const logs = new CloudWatchLogsClient(moto.clientConfig);
  for (const { namespace, metricName, dimensions } of metrics) {
    const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    const MetricData = Array.from({ length: 50 }, (_, i) => ({
      ...{ MetricName: metricName, Dimensions, Value: i, Timestamp: new Date(nowMs - i * MINUTE_MS) },
    }));
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: namespace, MetricData }));
  }
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      ...{ AlarmName: "api-5xx", Namespace: ERRORS.namespace, MetricName: ERRORS.metricName, Statistic: "Sum" },
      ...{ Period: 60, EvaluationPeriods: 3, Threshold: 5, ComparisonOperator: "GreaterThanThreshold" },
    }),
  );
  await cloudWatch.send(
    new SetAlarmStateCommand({ AlarmName: "api-5xx", StateValue: "ALARM", StateReason: "it is tried out" }),
  );
  const stream = { logGroupName: "/ecs/api", logStreamName: "s" };
  await logs.send(new CreateLogGroupCommand({ logGroupName: stream.logGroupName }));
  await logs.send(new CreateLogStreamCommand(stream));
  const logEvents = [50, 20, 1].map((minutes) => ({ timestamp: nowMs - minutes * MINUTE_MS, message: `${minutes}` }));
  await logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
};

describe("evidence of an emulator", () => {
  const nowMs = Date.now();
  const metrics = [ERRORS, REQUESTS, LATENCY];
  let moto: Emulator;
  let endpoint: string;
  let close = (): void => {};
  before(async () => {
    moto = await startMoto();
    await fill(moto, metrics, nowMs);
    const rang = { oldState: { stateValue: "OK" }, newState: { stateValue: "ALARM" } };
    const items = [40, 10].map((minutes) => ({
      ...{ AlarmName: "api-5xx", AlarmType: "MetricAlarm", HistoryItemType: "StateUpdate" },
      ...{ Timestamp: seconds(nowMs - minutes * MINUTE_MS), HistoryData: JSON.stringify(rang) },
    }));
    // The one call of these that moto does not know.
    const history: Operation = () => answer({ AlarmHistoryItems: items });
    const context = {
      after: (end: () => void) => {
        close = end;
      },
    };
    const { loopback } = await openOperations(context, { DescribeAlarmHistory: history }, { to: moto.endpoint });
    endpoint = loopback.url;
  });
  after(async () => {
    close();
    await moto.stop();
  });

  evidenceContract("live evidence", async () => {
    const cloudWatch = new CloudWatchClient({ ...moto.clientConfig, endpoint });
    return {
      evidence: liveEvidence({
        ...{ cloudWatch, globalCloudWatch: cloudWatch, logs: new CloudWatchLogsClient(moto.clientConfig) },
        ...{ place: PLACE, clock: { nowMs: () => nowMs } },
        resources: async () => resources,
        changes: async (_arns, fromMs, toMs) => [change(nowMs)].filter(({ atMs }) => atMs >= fromMs && atMs <= toMs),
      }),
      ...{ nowMs, alarmKey: alarmWith().key, metrics, logGroups: ["/ecs/api"], arns: [API_ARN] },
    };
  });
});
