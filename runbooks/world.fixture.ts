import type { Resource } from "../functions/core/evidence.ts";
import { resourcesOf } from "../functions/world/graph.ts";
import { scenarioWith } from "../functions/world/scenario.ts";
import type { World } from "../functions/world/state.ts";
import { advance, createWorld } from "../functions/world/world.ts";

/** A healthy simulated cloud an hour after its clock began, for the contract of every runbook. */
export const healthyWorld = (): World => {
  const world = createWorld(scenarioWith(7, 3, "none"));
  advance(world, world.nowMs + 3_600_000);
  return world;
};

/** The same of a topology that has what a fault needs, without the fault. */
export const healthyWorldFor = (fault: string): World => {
  const { topology } = scenarioWith(7, 3, fault);
  const world = createWorld(scenarioWith(7, 3, "none", { topology }));
  advance(world, world.nowMs + 3_600_000);
  return world;
};

/** The first resource of a type. Throws where the world has none. */
export const resourceOfType = (world: World, type: string): Resource => {
  const found = resourcesOf(world, Object.keys(world.resources)).find((resource) => resource.type === type);
  if (found === undefined) throw new Error(`this world has no ${type}`);
  return found;
};
