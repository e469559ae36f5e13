import assert from "node:assert/strict";
import { test } from "node:test";
import { CANDIDATE_FEATURES } from "../core/features.ts";
import type { Scorer } from "../core/ports.ts";
import { settingsSchema } from "../core/settings.ts";
import { settingsFor } from "../world/settings-for.ts";
import { shopArns, shopWith } from "../world/small-system.fixture.ts";
import { MINUTE_MS, type World } from "../world/state.ts";
import { createWorld } from "../world/world.ts";
import { type Flow, type Flown, play } from "./flow.fixture.ts";
import { eagerToScale, wrongs } from "./paths.fixture.ts";

const HOUR_MS = 60 * MINUTE_MS;
const quiet = shopWith(1, 4);
const BURSTS = 14;

/** Somebody outside makes half of the requests fail for eight minutes, and again every twenty. */
const attacked: NonNullable<Flow["before"]> = async (_ledger, world: World) => {
  const to = shopArns(world.system).balancer;
  for (let burst = 0; burst < BURSTS; burst += 1) {
    const fromMs = Math.ceil(quiet.onsetMs / MINUTE_MS) * MINUTE_MS + burst * 20 * MINUTE_MS;
    const what = { errorRate: 0.5, latencyMs: 0, message: "malformed request" };
    world.disturbances.push({ id: `burst-${burst}`, from: null, to, fromMs, toMs: fromMs + 8 * MINUTE_MS, ...what });
  }
};

/** Prefers whatever has an effect, whether or not it was tried. */
const rash: Scorer = {
  policy: "rash",
  modelHash: "",
  draw: "best",
  score: async (_state, candidates) =>
    candidates.map((vector) => ({ q: { mean: vector[CANDIDATE_FEATURES.indexOf("effect")] ?? 0, sd: 0 } })),
};

const actionsOf = ({ runs }: Flown) => runs.filter(({ tags }) => tags.role !== "undo");

/** The most starts that any stretch of this length holds. */
const mostWithin = (starts: readonly number[], spanMs: number): number =>
  Math.max(0, ...starts.map((fromMs) => starts.filter((atMs) => atMs >= fromMs && atMs < fromMs + spanMs).length));

test("whoever makes an alarm ring again and again buys no more actions than the budgets hold", async () => {
  const { budgets } = settingsSchema.parse(settingsFor(createWorld(quiet)));

  const flown = await play({ scenario: quiet, before: attacked, scorer: rash, drafter: eagerToScale, leastHours: 7 });

  const starts = actionsOf(flown).map(({ startedAtMs }) => startedAtMs);
  const rings = flown.world.alarmHistory.filter(({ to }) => to === "ALARM").length;
  assert.ok(rings > 5, `it rang ${rings} times`);
  assert.ok(starts.length > 0);
  assert.ok(mostWithin(starts, HOUR_MS) <= budgets.actionsPerServiceAndHour);
  assert.ok(mostWithin(starts, 24 * HOUR_MS) <= budgets.actionsPerResourceAndDay * 2, `${starts.length} actions`);
  assert.deepEqual(wrongs(flown), []);
});

test("a signal that users alone can make restarts nothing under the rules: it takes a second one to be a strong match", async () => {
  const flown = await play({ scenario: quiet, before: attacked, leastHours: 7 });

  assert.deepEqual([actionsOf(flown).length, wrongs(flown)], [0, []]);
  assert.ok(flown.incidents.every(({ terminal }) => terminal === "ESCALATED" || terminal === "SELF_RECOVERED"));
});
