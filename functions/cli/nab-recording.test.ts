import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import fc from "fast-check";
import { temporaryFolder } from "../adapters/recorded/recording.fixture.ts";
import { type Recording, readRecording, rowsOf } from "../adapters/recorded/recording.ts";
import { POLICIES } from "../core/policies.ts";
import { type NabAlarm, nabRecording, peakAlarm, unusualAlarm } from "./nab-recording.ts";
import { type NabMetric, type NabPoint, PERIOD_SECONDS } from "./nab-series.ts";
import { replayOne } from "./replay.ts";

const PERIOD_MS = PERIOD_SECONDS * 1000;
const START_MS = Date.UTC(2014, 3, 10, 0, 4);
const DATABASE: NabMetric = {
  region: "eu-west-1",
  metric: {
    namespace: "AWS/RDS",
    metricName: "CPUUtilization",
    stat: "Average",
    dimensions: { DBInstanceIdentifier: "db-1" },
    periodSeconds: PERIOD_SECONDS,
  },
};

const pointsOf = (values: readonly number[]): readonly NabPoint[] =>
  values.map((value, index) => ({ atMs: START_MS + index * PERIOD_MS, value }));
const value = fc.integer({ min: 0, max: 100 });
const series = fc.array(value, { minLength: 1, maxLength: 60 }).map(pointsOf);

const recorded = (points: readonly NabPoint[], alarm: NabAlarm): Recording => {
  const folder = temporaryFolder();
  for (const [file, text] of Object.entries(nabRecording(DATABASE, points, alarm).files))
    writeFileSync(join(folder, file), text);
  return readRecording(folder);
};

/** Calm for twenty points, then three that are not, then as it pleases. */
const LEARNT = 20;
const calm = Array.from({ length: LEARNT }, (_, index) => 10 + (index % 2));
const outbreak = [...calm, 90, 95, 99];
const usual = (rest: readonly number[]): readonly NabPoint[] => pointsOf([...outbreak, ...rest]);
/** The calm points are then just the 15 % that are learnt. */
const length = { minLength: 111, maxLength: 111 };

it("an unusual value is one beyond what was learnt, three times on end for the first time since", () => {
  fc.assert(
    fc.property(series, (points) => {
      const alarm = unusualAlarm(points);

      const learnt = points.slice(0, Math.floor(points.length * 0.15)).map((one) => one.value);
      const mean = learnt.reduce((a, b) => a + b, 0) / learnt.length;
      const limit = mean + 3 * Math.sqrt(learnt.reduce((a, b) => a + (b - mean) ** 2, 0) / learnt.length);
      let onEnd = 0;
      let expected: number | null = null;
      for (const [index, one] of points.entries()) {
        onEnd = index >= learnt.length && one.value > limit ? onEnd + 1 : 0;
        if (onEnd === 3 && expected === null) expected = index;
      }
      assert.equal(alarm?.firedAt ?? null, expected);
    }),
    { numRuns: 500 },
  );
});

it("an alarm on unusual values sees no future: what comes after it changes nothing of it", () => {
  fc.assert(
    fc.property(fc.array(value, length), fc.array(value, length), (rest, other) => {
      const [one, another] = [unusualAlarm(usual(rest)), unusualAlarm(usual(other))];

      assert.equal(one?.firedAt, LEARNT + 2);
      assert.deepEqual(another, one);
    }),
  );
});

it("a peak is the first of the largest values, beyond all that came before", () => {
  fc.assert(
    fc.property(series, (points) => {
      const alarm = peakAlarm(points);

      const values = points.map((one) => one.value);
      const first = values.indexOf(Math.max(...values));
      assert.equal(alarm?.firedAt ?? 0, first);
      assert.ok(alarm === null || alarm.threshold === Math.max(...values.slice(0, first)));
      assert.ok(alarm === null || alarm.threshold < (values[first] ?? 0));
    }),
  );
});

it("CloudWatch's own words of an alarm are read back: its threshold, its side and how many datapoints it took", () => {
  const points = usual(Array.from({ length: 111 }, () => 10));
  const alarm = unusualAlarm(points);
  assert.ok(alarm !== null);

  const { alarm: read, evaluation, resources, damaged } = recorded(points, alarm);

  assert.deepEqual(damaged, []);
  assert.deepEqual(evaluation, {
    threshold: alarm.threshold,
    periodSeconds: 300,
    evaluationPeriods: 3,
    breaches: "above",
  });
  assert.equal(read.previousState, "OK");
  assert.equal(read.changedAtMs, points[alarm.firedAt]?.atMs);
  assert.match(
    read.reason,
    /^Threshold Crossed: 3 out of the last 3 datapoints \[99\.0 \(10\/04\/14 01:54:00\), 95\.0 .*, 90\.0 .*\] were greater than the threshold \(12\.\d+\) \(minimum 3 datapoints for OK -> ALARM transition\)\.$/,
  );
  assert.deepEqual(
    rowsOf(resources).map(({ arn, type }) => [arn, type]),
    [["arn:aws:rds:eu-west-1:123456789012:db:db-1", "AWS::RDS::DBInstance"]],
  );
});

it("a recording holds a day before its alarm and eight hours after, and no more", () => {
  const day = 24 * 12;
  const points = pointsOf([...Array.from({ length: 2 * day }, () => 1), 9, ...Array.from({ length: day }, () => 2)]);
  const alarm = peakAlarm(points);
  assert.ok(alarm !== null);

  const [metric] = rowsOf(recorded(points, alarm).metrics);

  const firedAtMs = START_MS + 2 * day * PERIOD_MS;
  assert.equal(metric?.points.at(0)?.atMs, firedAtMs - 24 * 3_600_000);
  assert.equal(metric?.points.at(-1)?.atMs, firedAtMs + 8 * 3_600_000);
});

it("what nobody recorded is said to be missing at every decision", async () => {
  const points = usual(Array.from({ length: 111 }, () => 10));
  const alarm = peakAlarm(points);
  const { rules } = POLICIES;
  assert.ok(alarm !== null && rules !== undefined);

  const { record } = await replayOne(recorded(points, alarm), "observe", rules);

  for (const { context } of record.decisions)
    assert.deepEqual(context.missing.map(({ source }) => source).sort(), ["changes", "history", "logs"]);
});

it("the first decision sees no future: other values after the alarm change nothing of it", async () => {
  const { rules } = POLICIES;
  assert.ok(rules !== undefined);

  await fc.assert(
    fc.asyncProperty(fc.array(value, length), fc.array(value, length), async (rest, other) => {
      const futures = [usual(rest), usual(other)].map(async (points) => {
        const alarm = unusualAlarm(points);
        assert.ok(alarm !== null);
        const soonOver = points.slice(0, alarm.firedAt + 5);
        return (await replayOne(recorded(soonOver, alarm), "auto", rules)).record.decisions[0];
      });

      const [one, another] = await Promise.all(futures);

      assert.deepEqual(another, one);
    }),
    { numRuns: 5, endOnFailure: true },
  );
});
