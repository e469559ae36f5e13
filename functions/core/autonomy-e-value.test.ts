import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cleanRunsToGo, logEValueOf, logNeeded, sharesBelow, weighing } from "./autonomy-e-value.ts";

const limits = fc.constantFrom(0.01, 0.05, 0.2, 0.3);
const outcomes = fc.array(fc.boolean(), { maxLength: 60 });

/** By the formula as it is written, with plain products. */
const slowly = (harmed: readonly boolean[], limit: number): number => {
  const weights = sharesBelow(limit).map((share) =>
    harmed.reduce((product, one) => product * (one ? share / limit : (1 - share) / (1 - limit)), 1),
  );
  return weights.reduce((sum, one) => sum + one, 0) / weights.length;
};

test("clean runs that certify at most 5 % and 1 % harm: 88 and 449 for one cell, 157 and 804 over twenty", () => {
  const wanted = [0.05, 0.01].flatMap((limit) =>
    [1, 20].map((cells) => cleanRunsToGo(0, 0, limit, logNeeded(cells, 0.95))),
  );

  assert.deepEqual(wanted, [88, 157, 449, 804]);
});

test("the e-value is the mean of the likelihood ratios, counted one by one or all at once, and 1 of nothing", () => {
  fc.assert(
    fc.property(outcomes, limits, (harmed, limit) => {
      const counted = weighing(limit);
      for (const one of harmed) counted.add(one);
      const harms = harmed.filter((one) => one).length;

      const exact = slowly(harmed, limit);

      assert.ok(Math.abs(Math.exp(counted.logEValue()) / exact - 1) < 1e-9);
      assert.ok(Math.abs(Math.exp(logEValueOf(harmed.length, harms, limit)) / exact - 1) < 1e-9);
    }),
  );
  assert.equal(Math.exp(logEValueOf(0, 0, 0.05)), 1);
});

test("the order of the runs changes nothing", () => {
  fc.assert(
    fc.property(outcomes, limits, (harmed, limit) => {
      const [one, other] = [weighing(limit), weighing(limit)];
      for (const outcome of harmed) one.add(outcome);
      for (const outcome of harmed.toReversed()) other.add(outcome);

      assert.ok(Math.abs(one.logEValue() - other.logEValue()) < 1e-9);
    }),
  );
});

test("a run without harm speaks for the runbook and one with harm against it, and a harm is never forgotten", () => {
  fc.assert(
    fc.property(fc.nat(500), fc.nat(50), limits, (clean, harms, limit) => {
      const runs = clean + harms;
      const value = logEValueOf(runs, harms, limit);

      assert.ok(logEValueOf(runs + 1, harms, limit) > value);
      assert.ok(logEValueOf(runs + 1, harms + 1, limit) < value);
      assert.ok(logEValueOf(runs + 1_000, harms + 1, limit) < logEValueOf(runs + 1_000, harms, limit));
    }),
  );
});

test("so many more clean runs suffice, and one fewer does not", () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(8), fc.integer({ min: 1, max: 40 }), limits, (clean, harms, cells, limit) => {
      const needed = logNeeded(cells, 0.95);
      const more = cleanRunsToGo(clean + harms, harms, limit, needed);

      assert.ok(logEValueOf(clean + harms + more, harms, limit) >= needed);
      assert.ok(more === 0 || logEValueOf(clean + harms + more - 1, harms, limit) < needed);
    }),
  );
});

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
const drawing = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
const HISTORIES = 1_000;
const RUNS = 1_000;

/** Share of the histories in which `certifies` says yes after one of its runs. */
const everCertified = (harmShare: number, certifies: () => (harmed: boolean) => boolean): number => {
  const draw = drawing(20_260_105);
  let certified = 0;
  for (let history = 0; history < HISTORIES; history += 1) {
    const judge = certifies();
    let isCertified = false;
    for (let run = 0; run < RUNS; run += 1) isCertified = judge(draw() < harmShare) || isCertified;
    certified += isCertified ? 1 : 0;
  }
  return certified / HISTORIES;
};

const byEValue = (limit: number) => () => {
  const counted = weighing(limit);
  const needed = logNeeded(1, 0.95);
  return (harmed: boolean): boolean => {
    counted.add(harmed);
    return counted.logEValue() >= needed;
  };
};
const byStreak = (length: number) => () => {
  let streak = 0;
  return (harmed: boolean): boolean => {
    streak = harmed ? 0 : streak + 1;
    return streak >= length;
  };
};

test("a runbook that does harm exactly as often as is just too often is let act alone in at most 5 % of histories", () => {
  for (const limit of [0.05, 0.2]) assert.ok(everCertified(limit, byEValue(limit)) <= 0.05);
});

test("a streak of 59 clean runs lets one with 8 % harm act alone in two histories of five, the e-value in none", () => {
  const [streak, eValue] = [everCertified(0.08, byStreak(59)), everCertified(0.08, byEValue(0.05))];

  assert.ok(streak > 0.38 && streak < 0.48, `${streak}`);
  assert.ok(eValue <= 0.005, `${eValue}`);
});

test("one that does harm less often than it may is let act alone in the end", () => {
  assert.ok(everCertified(0.01, byEValue(0.05)) > 0.95);
});
