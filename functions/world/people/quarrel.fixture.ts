import type { Fault } from "../faults/fault.ts";
import { textOf } from "../faults/fault.ts";
import { type Scenario, scenarioWith, type Wishes } from "../scenario.ts";
import { MINUTE_MS, type World } from "../state.ts";
import { advance, createWorld } from "../world.ts";

/** A fault about which people can be of every opinion: some runbook heals it, eases it, does nothing to it, harms. */
export const quarrel: Fault = {
  id: "quarrel",
  family: "database",
  likelihood: 1,
  needs: [],
  draw: (system) => ({ at: system.entries[0]?.arn ?? "" }),
  remedies: () => [
    { runbook: "cure", at: "at", does: "heals" },
    { runbook: "balm", at: "at", does: "eases" },
    { runbook: "charm", at: "at", does: "nothing" },
    { runbook: "poison", at: "at", does: "harms" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: () => [],
  start: (world, { parameters }) => {
    world.disturbances.push({
      ...{ id: "quarrel", from: null, to: textOf(parameters, "at"), fromMs: world.nowMs, toMs: null },
      ...{ errorRate: 0.4, latencyMs: 0, message: "no" },
    });
  },
  isPresent: (world) => world.disturbances.length > 0,
  heal: (world) => {
    world.disturbances = [];
  },
};

/** One incident of the quarrel, whose people and hidden facts differ by its index. */
export const quarrelScenario = (index: number, wishes: Wishes = {}): Scenario =>
  scenarioWith(51, index, "quarrel", { services: 5, faults: [quarrel], ...wishes });

/** The quarrel a quarter of an hour after it began. */
export const quarrelling = (scenario: Scenario): World => {
  const world = createWorld(scenario, [quarrel]);
  advance(world, scenario.onsetMs + 15 * MINUTE_MS);
  return world;
};

/** Where the quarrel is. */
export const placeIn = (world: World): string => textOf(world.faults[0]?.parameters ?? {}, "at");
