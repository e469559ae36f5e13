import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricRef } from "../../core/alarm.ts";
import type { Evidence } from "../../core/ports.ts";

/** Evidence to be judged, what it must know, and the moment at which it is read. Each list names at least one. */
export type EvidenceUnderTest = Readonly<{
  evidence: Evidence;
  nowMs: number;
  alarmKey: string;
  metrics: readonly MetricRef[];
  logGroups: readonly string[];
  arns: readonly string[];
}>;

const HOUR_MS = 3_600_000;

/** What every source of evidence promises. @param make one that can be read at `nowMs`, with an hour of history */
export const evidenceContract = (name: string, make: () => Promise<EvidenceUnderTest>): void => {
  test(`${name}: a known alarm is shown and an unknown one is left out`, async () => {
    const { evidence, alarmKey } = await make();

    const shown = await evidence.alarms([alarmKey, `${alarmKey}-that-does-not-exist`]);

    assert.deepEqual(
      shown.map((alarm) => alarm.key),
      [alarmKey],
    );
  });

  test(`${name}: every metric that was asked for comes back as one series with an id of its own`, async () => {
    const { evidence, metrics, nowMs } = await make();

    const series = await evidence.metrics(metrics, nowMs - HOUR_MS, nowMs);

    assert.deepEqual(
      series.map((one) => one.metric),
      metrics,
    );
    assert.equal(new Set(series.map((one) => one.id)).size, metrics.length);
  });

  test(`${name}: no value is stamped later than it was read`, async () => {
    const { evidence, metrics, nowMs } = await make();

    const series = await evidence.metrics(metrics, nowMs - HOUR_MS, nowMs + HOUR_MS);

    const newest = series.map((one) => one.fromMs + (lastValue(one.values) - 1) * one.periodSeconds * 1000);
    assert.ok(newest.every((stampMs) => stampMs <= nowMs));
  });

  test(`${name}: every series has data in the hour before`, async () => {
    const { evidence, metrics, nowMs } = await make();

    const series = await evidence.metrics(metrics, nowMs - HOUR_MS, nowMs);

    assert.deepEqual(
      series.filter((one) => lastValue(one.values) === 0),
      [],
    );
  });

  test(`${name}: lines, changes and transitions lie inside the window that was asked for`, async () => {
    const { evidence, nowMs, alarmKey, logGroups, arns } = await make();
    const fromMs = nowMs - HOUR_MS / 2;

    const lines = await evidence.logs(logGroups, fromMs, nowMs);
    const changes = await evidence.changes(arns, fromMs, nowMs);
    const transitions = await evidence.history(alarmKey, fromMs, nowMs);

    const times = [...lines, ...changes, ...transitions].map(({ atMs }) => atMs);
    assert.ok(times.every((atMs) => atMs >= fromMs && atMs <= nowMs));
  });

  test(`${name}: the graph holds the resources that were named and everything that they depend on`, async () => {
    const { evidence, arns } = await make();

    const resources = await evidence.resources(arns);

    const known = new Set(resources.map((resource) => resource.arn));
    const needed = [...arns, ...resources.flatMap((resource) => resource.dependsOn)];
    assert.deepEqual(
      needed.filter((arn) => !known.has(arn)),
      [],
    );
  });
};

/** How many periods the series covers up to its last value that is not missing. */
const lastValue = (values: readonly (number | null)[]): number => values.findLastIndex((value) => value !== null) + 1;
