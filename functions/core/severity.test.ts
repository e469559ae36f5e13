import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  ERRORS,
  errorsSli as errors,
  LATENCY,
  latencySli as latency,
  MINUTE_MS,
  OPENED_MS,
  REQUESTS,
  seriesOf,
  service,
} from "./example.fixture.ts";
import { IMPACT_RATE, type SliSettings } from "./settings.ts";
import { impactPerMinute, isBreached, readSli, sameMetric, shortfall, valuesBetween } from "./severity.ts";

const value = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }));

test("the impact of a minute lies between 0 and the rate of the service's severity, whatever the metrics say", () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.double()), { maxLength: 20 }),
      fc.array(fc.option(fc.double()), { maxLength: 20 }),
      fc.constantFrom(1, 2, 3, 4),
      (failed, asked, severity) => {
        const series = [seriesOf(ERRORS, OPENED_MS, failed), seriesOf(REQUESTS, OPENED_MS, asked)];

        const impact = impactPerMinute({ ...service, severity }, series, OPENED_MS, OPENED_MS + 20 * MINUTE_MS);

        assert.equal(impact.length, 20);
        assert.ok(impact.every((one) => one >= 0 && one <= (IMPACT_RATE[severity] ?? 0)));
      },
    ),
  );
});

test("no data is no impact, and a span that ends before it begins has no minutes", () => {
  const impact = impactPerMinute(service, [], OPENED_MS, OPENED_MS + 3 * MINUTE_MS);

  assert.deepEqual(impact, [0, 0, 0]);
  assert.deepEqual(impactPerMinute(service, [], OPENED_MS, OPENED_MS - MINUTE_MS), []);
});

test("the worst SLI alone sets a minute's impact, weighted by severity", () => {
  const series = [
    seriesOf(ERRORS, OPENED_MS, [10, 80, 0]),
    seriesOf(REQUESTS, OPENED_MS, [100, 100, 100]),
    seriesOf(LATENCY, OPENED_MS, [0.5, 1.5, 1.25]),
  ];

  const impact = impactPerMinute(service, series, OPENED_MS, OPENED_MS + 3 * MINUTE_MS);

  assert.deepEqual(impact, [0.1 * 0.5, 0.8 * 0.5, 0.25 * 0.5]);
});

test("a minute inside a longer period is charged by that period", () => {
  const slow = { ...LATENCY, periodSeconds: 300 };
  const slis = [{ ...latency, metric: { ...slow } }, errors];
  const series = [seriesOf(slow, OPENED_MS, [3, 0.1])];

  const impact = impactPerMinute({ ...service, slis }, series, OPENED_MS, OPENED_MS + 10 * MINUTE_MS);

  assert.deepEqual(impact, [...Array(5).fill(0.5), ...Array(5).fill(0)]);
});

test("a share of errors is the ratio of two sums over the window, missing errors counted as none", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 20 }), (minutes) => {
      const failed = minutes.map(([one]) => one);
      const asked = minutes.map(([, other]) => other);
      const series = [seriesOf(ERRORS, OPENED_MS, failed), seriesOf(REQUESTS, OPENED_MS, asked)];
      let [bad, all] = [0, 0];
      for (const one of failed) bad += one ?? 0;
      for (const one of asked) all += one ?? 0;

      const reading = readSli(series, errors, OPENED_MS, OPENED_MS + 20 * MINUTE_MS);

      assert.equal(reading.value, all > 0 ? bad / all : null);
      assert.equal(reading.points, asked.filter((one) => one !== null).length);
    }),
  );
});

test("an SLI without a base is the mean of what was measured, and null where nothing was", () => {
  const series = [seriesOf(LATENCY, OPENED_MS, [1, null, 3])];

  const readings = [
    readSli(series, latency, OPENED_MS, OPENED_MS + 3 * MINUTE_MS),
    readSli(series, latency, OPENED_MS + MINUTE_MS, OPENED_MS + 2 * MINUTE_MS),
    readSli([], latency, OPENED_MS, OPENED_MS + 3 * MINUTE_MS),
  ];

  assert.deepEqual(
    readings.map((reading) => [reading.value, reading.points]),
    [
      [2, 2],
      [null, 0],
      [null, 0],
    ],
  );
});

test("a window holds the periods that start in it, its first instant included and its last excluded", () => {
  const series = [seriesOf(LATENCY, OPENED_MS, [1, 2, 3, 4])];

  const values = valuesBetween(series, LATENCY, OPENED_MS + MINUTE_MS, OPENED_MS + 3 * MINUTE_MS);

  assert.deepEqual(values, [2, 3]);
});

test("an SLI hurts only beyond its limit on its bad side, and one that was not read is not known to", () => {
  const below: SliSettings = { ...latency, bad: "below", limit: 100 };
  const cases = [
    [latency, 1, false],
    [latency, 1.01, true],
    [latency, null, false],
    [below, 100, false],
    [below, 99, true],
    [below, null, false],
  ] as const;

  const breached = cases.map(([sli, reading]) => isBreached(sli, reading));

  assert.deepEqual(
    breached,
    cases.map(([, , expected]) => expected),
  );
});

test("a shortfall lies in 0..1, is 0 within the limit and never falls as a reading gets worse", () => {
  const sli = fc.record({
    limit: fc.double({ min: -100, max: 100, noNaN: true }),
    bad: fc.constantFrom("above", "below"),
    withBase: fc.boolean(),
  });
  const reading = fc.double({ min: -1000, max: 1000, noNaN: true });
  fc.assert(
    fc.property(sli, reading, reading, ({ limit, bad, withBase }, one, other) => {
      const shape = withBase ? errors : latency;
      const judged: SliSettings = {
        ...shape,
        bad: withBase ? "above" : bad,
        limit: withBase ? Math.abs(limit) : limit,
      };
      const [better, worse] = one < other === (judged.bad === "above") ? [one, other] : [other, one];

      const [least, most] = [shortfall(judged, better), shortfall(judged, worse)];

      assert.ok(least >= 0 && least <= most && most <= 1, `${least} ${most}`);
      assert.ok(isBreached(judged, better) || least === 0);
    }),
  );
});

test("two references name one metric whatever the order of their dimensions, and another one when any part differs", () => {
  const one = { ...LATENCY, dimensions: { a: "1", b: "2" } };
  const others = [
    { ...one, namespace: "x" },
    { ...one, metricName: "x" },
    { ...one, stat: "Sum" },
    { ...one, periodSeconds: 300 },
    { ...one, dimensions: { a: "1" } },
    { ...one, dimensions: { a: "1", b: "3" } },
    { ...one, dimensions: { a: "1", b: "2", c: "3" } },
  ];

  const same = sameMetric(one, { ...one, dimensions: { b: "2", a: "1" } });

  assert.ok(same);
  assert.ok(others.every((other) => !sameMetric(one, other) && !sameMetric(other, one)));
});

test("the values between two instants are those of the periods that start between them", () => {
  const instant = fc.integer({ min: -90, max: 400 }).map((seconds) => OPENED_MS + seconds * 1000);
  const values = fc.array(value, { maxLength: 6 });

  fc.assert(
    fc.property(values, instant, instant, (all, fromMs, toMs) => {
      const found = valuesBetween([seriesOf(ERRORS, OPENED_MS, all)], ERRORS, fromMs, toMs);

      const starts = (i: number): number => OPENED_MS + i * MINUTE_MS;
      assert.deepEqual(
        found,
        all.filter((_, i) => starts(i) >= fromMs && starts(i) < toMs),
      );
    }),
  );
});
