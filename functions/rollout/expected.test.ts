import assert from "node:assert/strict";
import { test } from "node:test";
import { learntScore, limitsWith } from "../core/example.fixture.ts";
import { CANDIDATE_FEATURES } from "../core/features.ts";
import type { Scorer } from "../core/ports.ts";
import { testDays } from "./days/days.ts";
import { judgeDay } from "./evaluation-day.ts";
import { judgedPolicy } from "./evaluation-policies.ts";

const [TIER, WAITS] = [CANDIDATE_FEATURES.indexOf("tier"), CANDIDATE_FEATURES.indexOf("waits")];
const middle = (mean: number) => ({ mean, low: mean, high: mean });

/** Expects of each candidate what its own vector says, so that whose vector was asked about can be seen. */
const byVector: Scorer = {
  ...{ policy: "qnet", modelHash: "", draw: "best", limits: limitsWith() },
  score: async (_state, candidates) =>
    candidates.map((features) =>
      learntScore(0, {
        recovers: middle(features[WAITS] === 1 ? 0.25 : 0.5),
        harms: middle((features[TIER] ?? 0) / 10),
      }),
    ),
};

const judged = async (outlook: Scorer | null, day: number) => {
  const drawn = testDays("expected", 0, { confounding: "mild", broken: 0 })(day);
  const policies = [judgedPolicy("rules") ?? assert.fail()];
  const knowing = { limits: new Map(), outlook };
  const { days } = await judgeDay({ world: 0, day, drawn, past: [] }, policies, async () => new Map(), knowing);
  return days[0] ?? assert.fail();
};

test("beside every action that ran stands what was expected of it and of waiting, what was seen, and the truth", async () => {
  let found = 0;
  for (let day = 0; day < 6; day += 1) {
    const { expected = [], actions, harmful, observedHarmful } = await judged(byVector, day);
    found += expected.length;
    assert.equal(expected.length, actions);
    assert.equal(expected.filter(({ forked }) => forked.isHarmful).length, harmful);
    assert.equal(expected.filter(({ observed }) => observed.isHarmful).length, observedHarmful);
    for (const { recovers, waits, harms } of expected) {
      assert.deepEqual([recovers.mean, waits?.mean], [0.5, 0.25]);
      assert.ok([0, 0.1, 0.2, 0.3].includes(harms.mean));
    }
  }
  assert.ok(found > 1, `${found}`);
});

test("where nobody is asked nothing is expected, and a scorer that fails is left out; nothing else of the day changes", async () => {
  const failing: Scorer = { ...byVector, score: () => Promise.reject(new Error("it is gone")) };
  for (let day = 0; day < 2; day += 1) {
    const [nobody, failed, asked] = [await judged(null, day), await judged(failing, day), await judged(byVector, day)];
    const { expected: _, ...rest } = asked;
    assert.deepEqual(nobody, rest);
    assert.deepEqual(failed, { ...rest, expected: [] });
  }
});
