import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isBorneOut, standing } from "./claims.ts";
import type { Context } from "./context.ts";
import type { Change, Series } from "./evidence.ts";
import {
  API_ARN,
  contextWith,
  ERRORS,
  LATENCY,
  MINUTE_MS,
  OPENED_MS,
  REQUESTS,
  seriesOf,
  snapshotWith,
} from "./example.fixture.ts";
import { CLAIMS, type Claim } from "./ports.ts";

const LEVELS = ["above-usual", "usual", "below-usual"] as const;
const FROM_MS = OPENED_MS - 50 * MINUTE_MS;

/** Forty minutes that were usual, then what came after, up to now: 59 minutes can be read. */
const latency = (usual: readonly (number | null)[], since: readonly (number | null)[]): Series =>
  seriesOf(LATENCY, FROM_MS, [...usual, ...since]);
const steady = (value: number): readonly number[] => Array(40).fill(value);
const levelsIn = (series: Series, context: Context = contextWith({ series: [series] })): readonly Claim[] =>
  LEVELS.filter((says) => isBorneOut(context, { id: series.id, says }) === true);

const change: Change = {
  ...{ id: "c-1", kind: "deployment", atMs: OPENED_MS - 5 * MINUTE_MS, target: API_ARN, ref: "", from: null, to: null },
  ...{ author: "", title: "" },
};
const template = { id: "log-1", logGroup: "g", template: "ERROR", count: 3, lastAtMs: OPENED_MS };

test("exactly one of above, usual and below holds where enough was read, and nothing can be told where it was not", () => {
  const value = fc.option(fc.double(), { freq: 6 });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 60 }), fc.integer({ min: -70, max: 10 }), (values, startMinute) => {
      const series = seriesOf(LATENCY, OPENED_MS + startMinute * MINUTE_MS, values);
      const context = contextWith({ series: [series] });

      const told = LEVELS.map((says) => isBorneOut(context, { id: series.id, says }));

      const isTold = told.filter((one) => one === true).length === 1 && told.every((one) => one !== null);
      assert.ok(isTold || told.every((one) => one === null), JSON.stringify(told));
    }),
  );
});

test("a claim turns with its numbers: mirrored values turn above into below and leave usual as it is", () => {
  const minutes = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 59, maxLength: 59 });
  fc.assert(
    fc.property(minutes, (values) => {
      const mirrored = values.map((value) => -value);

      const [there] = levelsIn(seriesOf(LATENCY, FROM_MS, values));
      const [here] = levelsIn(seriesOf(LATENCY, FROM_MS, mirrored));

      assert.equal(LEVELS.indexOf(here as "usual"), 2 - LEVELS.indexOf(there as "usual"));
    }),
  );
});

test("what a series is told to stand at is the one claim that its numbers bear out", () => {
  const value = fc.option(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { freq: 6 });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 60 }), (values) => {
      const series = seriesOf(LATENCY, FROM_MS, values);
      const context = contextWith({ series: [series] });

      const stands = standing(context, series)?.stands ?? null;

      assert.deepEqual(levelsIn(series, context), stands === null ? [] : [stands]);
    }),
  );
});

test("what stands above, at or below the usual is told by the last five values that can be read", () => {
  const noisy = Array.from({ length: 40 }, (_, i) => 100 + (i % 5) * 10);
  const since = (values: readonly (number | null)[]) => [...Array(19 - values.length).fill(100), ...values];
  const cases: readonly (readonly [Series, Claim | null])[] = [
    [latency(steady(100), since([300, 300, 300])), "above-usual"],
    [latency(steady(100), since([300, 300])), "usual"],
    [latency(steady(100), since([20, 20, 20])), "below-usual"],
    [latency(steady(100), since([109, 109, 109])), "usual"],
    [latency(steady(100), since([111, 111, 111])), "above-usual"],
    [latency(steady(0), since([1, 1, 1])), "above-usual"],
    [latency(noisy, since([150, 150, 150])), "usual"],
    [latency(noisy, since([170, 170, 170])), "above-usual"],
    [latency(steady(100), since([300, null, null, 300, null, 300])), "above-usual"],
    [latency(Array(37).fill(null).concat([100, 100, 100]), since([300, 300, 300])), null],
    [latency(steady(100), Array(19).fill(null)), null],
    [latency(steady(100), since([300, Number.NaN, 300, Number.POSITIVE_INFINITY, 300])), "above-usual"],
  ];

  const told = cases.map(([series]) => levelsIn(series)[0] ?? null);

  assert.deepEqual(
    told,
    cases.map(([, expected]) => expected),
  );
});

test("the ten minutes before the alarm are no part of the usual", () => {
  const late = [...Array(10).fill(300), ...Array(9).fill(300)];

  const told = levelsIn(latency(Array(30).fill(null).concat(Array(10).fill(100)), late));

  assert.deepEqual(told, ["above-usual"]);
});

test("nothing that cannot be read yet bears a claim out", () => {
  const calm = latency(steady(100), Array(19).fill(100));
  const future = { ...calm, values: [...calm.values, 900, 900, 900, 900, 900] };

  const told = levelsIn(future);

  assert.deepEqual(told, ["usual"]);
});

test("a count that was not written is zero while its neighbours were written, and unknown without them", () => {
  const errors = seriesOf(ERRORS, FROM_MS, [...Array(52).fill(null), ...Array(7).fill(40)]);
  const requests = seriesOf(REQUESTS, FROM_MS, Array(59).fill(100));
  const unread = seriesOf(REQUESTS, FROM_MS, [...Array(45).fill(null), ...Array(14).fill(100)]);

  const told = [requests, unread].map((neighbour) => levelsIn(errors, contextWith({ series: [errors, neighbour] })));

  assert.deepEqual(told, [["above-usual"], []]);
});

test("a change is borne out within the hour before the opening, and not after it", () => {
  const ages = [-1, 0, 5, 60, 61];

  const told = ages.map((minutes) => {
    const changes = [{ ...change, atMs: OPENED_MS - minutes * MINUTE_MS }];
    return isBorneOut(contextWith({ changes }), { id: "c-1", says: "changed" });
  });

  assert.deepEqual(told, [false, true, true, true, false]);
});

test("a template is logged where it was counted, an alarm rings where its own state is ALARM", () => {
  const alarm = snapshotWith();
  const told = (context: Context, id: string, says: Claim) => isBorneOut(context, { id, says });

  assert.equal(told(contextWith({ logs: [template] }), "log-1", "logged"), true);
  assert.equal(told(contextWith({ logs: [{ ...template, count: 0 }] }), "log-1", "logged"), false);
  assert.equal(told(contextWith({ alarms: [alarm] }), alarm.key, "ringing"), true);
  assert.equal(told(contextWith({ alarms: [snapshotWith({ state: "OK" })] }), alarm.key, "ringing"), false);
  assert.equal(
    told(contextWith({ alarms: [snapshotWith({ state: "INSUFFICIENT_DATA" })] }), alarm.key, "ringing"),
    false,
  );
});

test("a claim that evidence of its kind cannot bear is false, and where nothing is claimed or known there is no answer", () => {
  const context = contextWith({
    changes: [change],
    logs: [template],
    words: [{ id: "alarm-1", name: "ringing", description: "", reason: "" }],
  });
  const fitting: Readonly<Record<string, readonly Claim[]>> = {
    "c-1": ["changed"],
    "log-1": ["logged"],
    [snapshotWith().key]: ["ringing"],
    [context.series[2]?.id ?? ""]: LEVELS,
  };

  for (const [id, claims] of Object.entries(fitting))
    for (const says of CLAIMS.filter((one) => !claims.includes(one)))
      assert.equal(isBorneOut(context, { id, says }), false, `${id} ${says}`);
  for (const says of CLAIMS)
    assert.deepEqual(
      [isBorneOut(context, { id: "nothing", says }), isBorneOut(context, { id: "alarm-1", says })],
      [null, null],
    );
  for (const id of Object.keys(fitting)) assert.equal(isBorneOut(context, { id, says: null }), null);
});
