import { markChange } from "./config-changes.ts";
import type { Defect } from "./resource-type.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { streamOf, type World } from "./state.ts";

const TITLES = [
  "Bump dependencies",
  "Cache the customer lookup",
  "Move feature flags to the new client",
  "Shorten the checkout path",
  "Log request ids everywhere",
  "Page the search results",
] as const;

/** The pipeline deploys the next version of a resource's code, with or without a defect. Its marker may be missing. */
export const releaseCode = (world: World, arn: string, defect: Defect | null): void => {
  const state = world.resources[arn];
  if (state === undefined) throw new Error(`${arn}: released, but the world has no such resource`);
  const { release } = behaviourOf(state);
  if (release === null) throw new Error(`${arn}: a ${state.kind} runs no code of ours`);
  const { from, to } = release(world, state, defect);
  markChange(world, "released", {
    kind: "deployment",
    draws: streamOf(world, arn, "release"),
    target: arn,
    from,
    to,
    titles: TITLES,
    idOf: () => `deploy-${state.name}-${to.slice(to.lastIndexOf(":") + 1)}`,
  });
};
