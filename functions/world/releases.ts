import { chance, pick, uniform } from "./random.ts";
import type { Defect } from "./resource-type.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { record, streamOf, type World } from "./state.ts";

const MARKED_SHARE = 0.8; // deployments whose marker reached the change log
const AUTHORS = ["amara", "bo", "chen", "dalia", "eskil"] as const;
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
  const draws = streamOf(world, arn, "release");
  const isMarked = chance(draws, world.nowMs, MARKED_SHARE);
  record(world, "released", { arn, from, to, isMarked });
  if (!isMarked) return;
  world.changes.push({
    id: `deploy-${state.name}-${to.slice(to.lastIndexOf(":") + 1)}`,
    kind: "deployment",
    atMs: world.nowMs,
    target: arn,
    ref: Math.floor(uniform(`${draws}/ref`, world.nowMs) * 2 ** 28)
      .toString(16)
      .padStart(7, "0"),
    from,
    to,
    author: pick(`${draws}/author`, world.nowMs, AUTHORS),
    title: pick(`${draws}/title`, world.nowMs, TITLES),
  });
};
