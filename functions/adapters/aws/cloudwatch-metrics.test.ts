import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import fc from "fast-check";
import type { MetricRef } from "../../core/alarm.ts";
import type { Series } from "../../core/evidence.ts";
import { standardMetrics } from "../../core/standard-metrics.ts";
import { resourcesOf } from "../../world/graph.ts";
import { scenarioWith } from "../../world/scenario.ts";
import { advance, createWorld } from "../../world/world.ts";
import { type Emulator, startMoto } from "../emulators/emulators.fixture.ts";
import { simulatedEvidence } from "../simulated/evidence.ts";
import { AwsCallFailed } from "./call.ts";
import { readMetrics } from "./cloudwatch-metrics.ts";
import { refusal } from "./loopback.fixture.ts";
import { resourceOfMetric } from "./metric-resource.ts";
import { answer, type Operation, openOperations, seconds } from "./operations.fixture.ts";

const MINUTE_MS = 60_000;
const NOW_MS = Date.UTC(2026, 0, 5, 10, 0, 30);
const FROM_MS = NOW_MS - 10 * MINUTE_MS;
const span = { fromMs: FROM_MS, toMs: NOW_MS, nowMs: NOW_MS };
const nowhere = () => null;

const metricWith = (changes: Partial<MetricRef> = {}): MetricRef => ({
  namespace: "AWS/SQS",
  metricName: "NumberOfMessagesSent",
  dimensions: { QueueName: "orders" },
  stat: "Sum",
  periodSeconds: 60,
  ...changes,
});
const queues = (count: number): readonly MetricRef[] =>
  Array.from({ length: count }, (_, i) => metricWith({ dimensions: { QueueName: `q${i}` } }));

type Query = Readonly<{ Id: string }>;
type Page = Readonly<{ id: string; minutes?: readonly number[]; status?: string }>;
const queriesIn = (request: Readonly<Record<string, unknown>>) => request.MetricDataQueries as readonly Query[];

/** One page; the value of a minute is its number, stamped where the period begins. */
const page = (results: readonly Page[], NextToken?: string) =>
  answer({
    MetricDataResults: results.map(({ id, minutes = [], status = "Complete" }) => ({
      ...{ Id: id, Label: id, StatusCode: status },
      Timestamps: minutes.map((minute) => seconds(Math.floor(FROM_MS / MINUTE_MS) * MINUTE_MS + minute * MINUTE_MS)),
      Values: minutes,
    })),
    Messages: [],
    ...(NextToken === undefined ? {} : { NextToken }),
  });

const reading = async (context: TestContext, getMetricData: Operation, metrics: readonly MetricRef[], options = {}) => {
  const { clientConfig, asked } = await openOperations(context, { GetMetricData: getMetricData }, options);
  const read = () => readMetrics(new CloudWatchClient(clientConfig), metrics, span, nowhere);
  return { read, asked };
};

describe("metrics over CloudWatch's wire", () => {
  it("puts the values of one metric together that lie on several pages, in the order that was asked for", async (context) => {
    const pages = [
      page(
        [
          { id: "m0", minutes: [1, 2], status: "PartialData" },
          { id: "m1", minutes: [0] },
        ],
        "more",
      ),
      page([{ id: "m0", minutes: [4] }]),
    ];
    const { read, asked } = await reading(context, (_, nth) => pages[nth] ?? { kind: "cut" }, queues(2));

    const series = await read();

    assert.deepEqual(
      series.map(({ values }) => values),
      [
        [null, 1, 2, null, 4, null, null, null, null],
        [0, null, null, null, null, null, null, null, null],
      ],
    );
    assert.deepEqual(
      asked.map(({ request }) => request.NextToken),
      [undefined, "more"],
    );
    assert.ok(asked.every(({ request }) => request.ScanBy === "TimestampAscending"));
  });

  it("asks for at most 500 metrics at once", async (context) => {
    const everything: Operation = (request) => page(queriesIn(request).map(({ Id }) => ({ id: Id, minutes: [3] })));
    const { read, asked } = await reading(context, everything, queues(1001));

    const series = await read();

    assert.deepEqual(
      asked.map(({ request }) => queriesIn(request).length),
      [500, 500, 1],
    );
    assert.equal(series.filter(({ values }) => values[3] === 3).length, 1001);
    assert.equal(new Set(series.map(({ id }) => id)).size, 1001);
  });

  it("asks for each period from where one of it begins to where the last settled one ends", async (context) => {
    const everything: Operation = (request) => page(queriesIn(request).map(({ Id }) => ({ id: Id })));
    const metrics = [metricWith(), metricWith({ periodSeconds: 300 }), metricWith({ stat: "Average" })];
    const { read, asked } = await reading(context, everything, metrics);

    const series = await read();

    const at = (text: string) => seconds(Date.parse(`2026-01-05T${text}Z`));
    assert.deepEqual(
      asked.map(({ request }) => [queriesIn(request).length, request.StartTime, request.EndTime]),
      [
        [2, at("09:50:00"), at("09:59:00")],
        [1, at("09:50:00"), at("09:55:00")],
      ],
    );
    assert.deepEqual(
      series.map(({ values }) => values.length),
      [9, 1, 9],
    );
  });

  it("asks nothing where no period has settled, and of no metric that cannot exist", async (context) => {
    const absent = metricWith({ dimensions: { LoadBalancer: "", TargetGroup: "targetgroup/api/1" } });
    const { read, asked } = await reading(context, () => ({ kind: "cut" }), [
      absent,
      metricWith({ periodSeconds: 3600 }),
    ]);

    const series = await read();

    assert.deepEqual(asked, []);
    assert.deepEqual(
      series.map(({ values }) => values),
      [Array(9).fill(null), []],
    );
  });

  it("asks once more for what was not answered, and for nothing else", async (context) => {
    const pages = [
      page([
        { id: "m0", minutes: [1] },
        { id: "m1", minutes: [1], status: "InternalError" },
        { id: "m2", status: "PartialData" },
      ]),
      page([
        { id: "m1", minutes: [1, 2] },
        { id: "m2", minutes: [5] },
        { id: "m3", minutes: [6] },
      ]),
    ];
    const { read, asked } = await reading(context, (_, nth) => pages[nth] ?? { kind: "cut" }, queues(4));

    const series = await read();

    assert.deepEqual(
      asked.map(({ request }) => queriesIn(request).map(({ Id }) => Id)),
      [
        ["m0", "m1", "m2", "m3"],
        ["m1", "m2", "m3"],
      ],
    );
    assert.deepEqual(
      series.map(({ values }) => values.filter((value) => value !== null)),
      [[1], [1, 2], [5], [6]],
    );
  });

  for (const [status, kind] of [
    ["InternalError", "failed"],
    ["PartialData", "failed"],
    ["Forbidden", "denied"],
  ] as const)
    it(`never takes ${status} for a metric without datapoints: a count without them reads as zero`, async (context) => {
      const some: Operation = (request) =>
        page(queriesIn(request).map(({ Id }) => ({ id: Id, ...(Id === "m1" ? { status } : {}) })));
      const { read } = await reading(context, some, queues(2));

      await assert.rejects(read, (error) => {
        assert.ok(error instanceof AwsCallFailed);
        assert.equal(error.kind, kind);
        assert.match(error.message, new RegExp(`GetMetricData of AWS/SQS/.*QueueName=q1.*: ${status}, twice`));
        return true;
      });
    });

  for (const [says, reply, kind] of [
    ["denied", refusal("json-1.0", 403, "AccessDenied"), "denied"],
    ["throttled", refusal("json-1.0", 400, "Throttling"), "throttled"],
    ["slow", { kind: "silence" }, "timed-out"],
  ] as const)
    it(`fails as ${kind} where CloudWatch is ${says}`, async (context) => {
      const { read } = await reading(context, () => reply, queues(2), { requestTimeout: 100 });

      await assert.rejects(read, (error) => {
        assert.ok(error instanceof AwsCallFailed);
        assert.equal(error.kind, kind);
        assert.match(error.message, /cloudwatch:GetMetricData/);
        return true;
      });
    });
});

describe("metrics of the simulated cloud, put into an emulator", () => {
  let moto: Emulator;
  before(async () => {
    moto = await startMoto();
  });
  after(() => moto.stop());

  /** Writes one-minute datapoints as they were read, each where its period begins. */
  const put = async (client: CloudWatchClient, series: readonly Series[]): Promise<void> => {
    for (const { metric, fromMs, values } of series) {
      const data = values.flatMap((value, i) =>
        value === null
          ? []
          : [
              {
                MetricName: metric.metricName,
                Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
                Timestamp: new Date(fromMs + i * MINUTE_MS),
                Value: value,
              },
            ],
      );
      if (data.length > 0)
        await client.send(new PutMetricDataCommand({ Namespace: metric.namespace, MetricData: data }));
    }
  };

  it("read as the simulated cloud tells them, whatever the span and the period", async () => {
    const world = createWorld(scenarioWith(3, 0, "none"));
    const startMs = world.nowMs;
    advance(world, startMs + 40 * MINUTE_MS);
    const evidence = simulatedEvidence(world);
    const resources = resourcesOf(world, Object.keys(world.resources));
    const metrics = resources
      .flatMap(standardMetrics)
      .filter(({ dimensions }) => Object.values(dimensions).length > 0 && !Object.values(dimensions).includes(""))
      // What the simulated cloud calls the least of several minutes is their mean.
      .filter(({ stat }) => stat !== "Minimum")
      .filter((_, index) => index % 4 === 0)
      .slice(0, 16);
    const client = new CloudWatchClient(moto.clientConfig);
    await put(client, await evidence.metrics(metrics, startMs, world.nowMs));
    const arnOf = resourceOfMetric(resources, world);

    assert.ok(metrics.length >= 12);
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...metrics], { minLength: 1, maxLength: 6 }),
        fc.constantFrom(60, 300),
        fc.integer({ min: 0, max: 20 * MINUTE_MS }),
        fc.integer({ min: 0, max: 25 * MINUTE_MS }),
        async (some, periodSeconds, afterMs, lengthMs) => {
          const asked = some.map((metric) => ({ ...metric, periodSeconds }));
          // Both begin with whole periods of what was put.
          const fromMs = startMs + 5 * MINUTE_MS + afterMs;
          const toMs = fromMs + lengthMs;

          const [real, simulated] = await Promise.all([
            readMetrics(client, asked, { fromMs, toMs, nowMs: world.nowMs }, arnOf),
            evidence.metrics(asked, fromMs, toMs),
          ]);

          assert.deepEqual(real, simulated);
        },
      ),
      { numRuns: 25 },
    );
  });
});
