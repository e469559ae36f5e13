import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import type { EpisodeRow } from "../../functions/core/episode.ts";
import { BETA_PER_MINUTE, REWARD_WEIGHTS } from "../../functions/core/reward.ts";
import { discountedCost } from "../../functions/rollout/days/measure.ts";

const number = z.number();
const weights = z.strictObject({
  version: z.literal(1),
  halfLifeHours: number,
  scaleHours: number,
  capScales: number,
  weights: z.strictObject({ impact: number, handover: number, action: number, harm: number, recurrence: number }),
});
const row = z.strictObject({
  decided_at: number,
  ...{ elapsed_minutes: number, impact_discounted: number, handover_impact: number },
  ...{ cost_action: number, cost_harm: number, cost_recurrence: number },
  ...{ reward: number, discount: number, return: number },
});

const read = (path: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, path), "utf8"));
/** Decisions of one incident with what Python must make of them; tests/test_reward.py reads the same file. */
const parity = z.strictObject({ weights, rows: z.array(row) }).parse(read("tests/reward-parity.json"));

const costs = parity.rows.map((one) => ({ ...one, incident_id: "quell-a" }) as unknown as EpisodeRow);

test("the reader discounts by the half-life that costs were logged with", () => {
  const shipped = weights.parse(read("reward.json"));

  assert.equal(shipped.halfLifeHours, REWARD_WEIGHTS.halfLifeHours);
  assert.equal(parity.weights.halfLifeHours, REWARD_WEIGHTS.halfLifeHours);
});

test("the returns that Python is held to are the costs that a day is judged by, negated and scaled", () => {
  const { scaleHours } = parity.weights;

  for (const [index, { reward, discount, return: total, elapsed_minutes }] of parity.rows.entries()) {
    close(reward, -discountedCost(costs.slice(index, index + 1)) / scaleHours);
    close(total, -discountedCost(costs.slice(index)) / scaleHours);
    close(discount, Math.exp(-BETA_PER_MINUTE * elapsed_minutes));
  }
});

const close = (found: number, expected: number): void =>
  assert.ok(Math.abs(found - expected) <= 1e-12 * Math.abs(expected), `${found}, not ${expected}`);
