import type { Change, Resource } from "../core/evidence.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import type { ResourceState, World } from "./state.ts";

/** The resources of these ARNs and everything that they reach over `dependsOn`, with fresh attributes. Unknown ARNs are left out. */
export const resourcesOf = (world: World, arns: readonly string[]): Resource[] => {
  const reached = new Set(arns.filter((arn) => world.resources[arn] !== undefined));
  for (const arn of reached) for (const next of dependsOn(world, arn)) reached.add(next);
  return [...reached].flatMap((arn) => {
    const state = world.resources[arn];
    return state === undefined ? [] : [describe(world, state)];
  });
};

/** Changes to these ARNs within [fromMs, toMs] whose marker reached the change log, oldest first. */
export const changesOf = (world: World, arns: readonly string[], fromMs: number, toMs: number): Change[] =>
  world.changes.filter((change) => arns.includes(change.target) && change.atMs >= fromMs && change.atMs <= toMs);

const dependsOn = (world: World, arn: string): readonly string[] => {
  const index = world.system.indexOf[arn];
  const called = index === undefined ? [] : (world.system.calls[index] ?? []).map(({ edge }) => edge.to);
  return [...called, ...(world.resources[arn]?.uses ?? [])];
};

const describe = (world: World, state: ResourceState): Resource => {
  const { arn, name, service, root } = state;
  return { arn, name, service, root, dependsOn: dependsOn(world, arn), ...behaviourOf(state).describe(state) };
};
