import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  ERRORS,
  LATENCY,
  latencySli,
  MINUTE_MS,
  OPENED_MS,
  REQUESTS,
  seriesOf,
  service,
  settingsWith,
  snapshotWith,
} from "./example.fixture.ts";
import type { SliSettings } from "./settings.ts";
import { assessRecovery, baselineOf, type RecoveryInput, readableUntilMs, soakMs, worsened } from "./verify.ts";

const settings = settingsWith();
const NOW_MS = OPENED_MS + 30 * MINUTE_MS;
const OK_SINCE_MS = OPENED_MS + 25 * MINUTE_MS;
const FROM_MS = OPENED_MS - 30 * MINUTE_MS;

/** Sixty minutes: before the opening, and from it on; the last value that can be read is that of minute 58. */
const hour = (before: number | null, after: number | null, last: number | null = after) =>
  Array.from({ length: 59 }, (_, minute) => (minute < 30 ? before : minute < 49 ? after : last));

const recovered = (changes: Partial<RecoveryInput> = {}): RecoveryInput => ({
  nowMs: NOW_MS,
  openedAtMs: OPENED_MS,
  alarms: [snapshotWith({ state: "OK", changedAtMs: OK_SINCE_MS })],
  expectedAlarms: 1,
  alarmMetrics: { [snapshotWith().key]: [ERRORS] },
  series: [
    seriesOf(ERRORS, FROM_MS, hour(0, 20, 0)),
    seriesOf(REQUESTS, FROM_MS, hour(100, 100)),
    seriesOf(LATENCY, FROM_MS, hour(0.2, 0.2)),
  ],
  service,
  baseline: {
    atMs: OPENED_MS,
    slis: [
      { name: "errors", value: 0.2, points: 3 },
      { name: "latency", value: 0.2, points: 3 },
    ],
  },
  ...changes,
});

const withSeries = (...changed: RecoveryInput["series"]): Partial<RecoveryInput> => ({
  series: recovered().series.map((one) => changed.find((other) => other.id === one.id) ?? one),
});

test("recovery holds since the last OK when the data is fresh, the traffic back and no SLI worse", () => {
  const input = recovered();

  const recovery = assessRecovery(settings, input);

  assert.deepEqual(recovery, { kind: "holding", sinceMs: OK_SINCE_MS, soakMs: 360_000 });
});

const ALARMS: readonly (readonly [string, Partial<RecoveryInput>, string])[] = [
  ["an alarm that rings", { alarms: [snapshotWith()] }, "alarming"],
  ["one of two alarms that rings", { alarms: [...recovered().alarms, snapshotWith()], expectedAlarms: 2 }, "alarming"],
  ["insufficient data", { alarms: [snapshotWith({ state: "INSUFFICIENT_DATA" })] }, "unknown"],
  ["no alarm that could be read", { alarms: [] }, "unknown"],
  ["no alarm left that counts", { alarms: [], expectedAlarms: 0 }, "unknown"],
  ["one of two alarms that could not be read", { expectedAlarms: 2 }, "unknown"],
  ["no fresh value behind the OK", withSeries(seriesOf(ERRORS, FROM_MS, hour(0, 20, null))), "unknown"],
  [
    "fewer fresh values than evaluation periods",
    withSeries(seriesOf(ERRORS, NOW_MS - 3 * MINUTE_MS, [0, 0])),
    "unknown",
  ],
  [
    "no metric of the alarm at all",
    { alarmMetrics: { [snapshotWith().key]: [{ ...ERRORS, metricName: "Gone" }] } },
    "unknown",
  ],
  [
    "a joined alarm whose own metric is silent, however fresh the first one's is",
    {
      alarms: [...recovered().alarms, snapshotWith({ key: "joined", state: "OK", changedAtMs: OK_SINCE_MS })],
      expectedAlarms: 2,
      alarmMetrics: { [snapshotWith().key]: [ERRORS], joined: [{ ...ERRORS, metricName: "Gone" }] },
    },
    "unknown",
  ],
  ["traffic at 49 % of what it was", withSeries(seriesOf(REQUESTS, FROM_MS, hour(100, 49))), "unknown"],
  [
    "traffic in one minute of three",
    withSeries(seriesOf(REQUESTS, FROM_MS, [...hour(100, 100).slice(0, 56), 100, null, null])),
    "unknown",
  ],
  ["traffic that can no longer be read", withSeries(seriesOf(REQUESTS, FROM_MS, hour(100, 100, null))), "unknown"],
  [
    "the second SLI beyond its limit, as it was not before",
    withSeries(seriesOf(LATENCY, FROM_MS, hour(0.2, 1.2))),
    "worse",
  ],
];

for (const [name, changes, kind] of ALARMS)
  test(`recovery does not hold with ${name}`, () => {
    const input = recovered(changes);

    const recovery = assessRecovery(settings, input);

    assert.equal(recovery.kind, kind);
  });

const STILL: readonly (readonly [string, Partial<RecoveryInput>])[] = [
  ["exactly half of the traffic", withSeries(seriesOf(REQUESTS, FROM_MS, hour(100, 50)))],
  [
    "exactly as many fresh values as evaluation periods",
    withSeries(seriesOf(ERRORS, NOW_MS - 4 * MINUTE_MS, [0, 0, 0])),
  ],
  ["an SLI that is slower, but within its limit", withSeries(seriesOf(LATENCY, FROM_MS, hour(0.2, 0.9)))],
  [
    "60 % of the usual traffic, though retries had swollen it before the alarm",
    withSeries(
      seriesOf(REQUESTS, FROM_MS, [...hour(100, 60).slice(0, 20), ...Array(10).fill(300), ...hour(100, 60).slice(30)]),
    ),
  ],
  ["a service that had no traffic before", withSeries(seriesOf(REQUESTS, FROM_MS, hour(0, 0)))],
  ["a composite alarm that has no metric of its own", { alarmMetrics: {} }],
];

for (const [name, changes] of STILL)
  test(`recovery holds with ${name}`, () => {
    const input = recovered(changes);

    const recovery = assessRecovery(settings, input);

    assert.equal(recovery.kind, "holding");
  });

test("no alarm, data or traffic makes recovery hold while an alarm rings", () => {
  const minute = fc.option(fc.nat(1000));
  fc.assert(
    fc.property(fc.array(minute), fc.array(minute), fc.nat(5), (errors, requests, others) => {
      const alarms = [...Array.from({ length: others }, () => snapshotWith({ state: "OK" })), snapshotWith()];
      const series = [seriesOf(ERRORS, FROM_MS, errors), seriesOf(REQUESTS, FROM_MS, requests)];

      const recovery = assessRecovery(settings, recovered({ alarms, expectedAlarms: others + 1, series }));

      assert.equal(recovery.kind, "alarming");
    }),
  );
});

test("recovery of an incident whose alarm was OK before it opened holds since the opening", () => {
  const openedAtMs = OK_SINCE_MS + MINUTE_MS;

  const recovery = assessRecovery(settings, recovered({ openedAtMs }));

  assert.deepEqual(recovery, { kind: "holding", sinceMs: openedAtMs, soakMs: 360_000 });
});

test("a newer OK of any alarm starts the holding again", () => {
  const alarms = [1, 3, 2].map((minutes) =>
    snapshotWith({ state: "OK", changedAtMs: OK_SINCE_MS + minutes * MINUTE_MS }),
  );

  const recovery = assessRecovery(settings, recovered({ alarms, expectedAlarms: 3 }));

  assert.equal(recovery.kind === "holding" ? recovery.sinceMs : null, OK_SINCE_MS + 3 * MINUTE_MS);
});

test("the soak is the longest of five minutes and twice period x evaluation periods of any alarm", () => {
  const cases = [
    [[[60, 1]], 300],
    [[[60, 3]], 360],
    [[[300, 2]], 1200],
    [
      [
        [60, 1],
        [300, 3],
        [60, 5],
      ],
      1800,
    ],
    [[], 300],
  ] as const;

  const soaks = cases.map(([alarms]) =>
    soakMs(
      settings,
      alarms.map(([periodSeconds, evaluationPeriods]) => snapshotWith({ periodSeconds, evaluationPeriods })),
    ),
  );

  assert.deepEqual(
    soaks,
    cases.map(([, seconds]) => seconds * 1000),
  );
});

test("an SLI that was bad before may breathe by a tenth, and counts as worse beyond that", () => {
  const above: SliSettings = latencySli;
  const below: SliSettings = { ...above, bad: "below" };
  const cases = [
    [above, 2, 2.19, false],
    [above, 2, 2.21, true],
    [above, 2, 0.9, false],
    [above, null, 1.1, true],
    [above, 0.9, 1.1, true],
    [below, 0.5, 0.46, false],
    [below, 0.5, 0.45, true],
    [below, 1.5, 0.9, true],
  ] as const;

  const worse = cases.map(([sli, before, now]) => {
    const baseline = { atMs: OPENED_MS, slis: [{ name: sli.name, value: before, points: 3 }] };
    const series = [seriesOf(LATENCY, FROM_MS, hour(now, now))];
    return worsened({ ...service, slis: [sli] }, series, baseline, NOW_MS).length === 1;
  });

  assert.deepEqual(
    worse,
    cases.map(([, , , expected]) => expected),
  );
});

test("a baseline reads the last three minutes that can be read, and nothing newer", () => {
  const toMs = readableUntilMs(NOW_MS);
  const values = Array.from({ length: 62 }, (_, minute) => minute);
  const firstMinute = (toMs - FROM_MS) / MINUTE_MS - 3;

  const baseline = baselineOf(service, [seriesOf(LATENCY, FROM_MS, values)], NOW_MS);

  assert.deepEqual(baseline.slis[1], { name: "latency", value: firstMinute + 1, points: 3 });
  assert.deepEqual(baseline.slis[0], { name: "errors", value: null, points: 0 });
});
