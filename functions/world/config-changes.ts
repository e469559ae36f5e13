import { chance, pick, uniform } from "./random.ts";
import { record, streamOf, type World } from "./state.ts";

const MARKED_SHARE = 0.8; // changes of configuration whose marker reached the change log, as with deployments
const AUTHORS = ["amara", "bo", "chen", "dalia", "eskil"] as const;
const TITLES = [
  "Adjust limits for the season",
  "Turn the new path on for everybody",
  "Tighten permissions",
  "Move settings to the shared profile",
  "Clean up old parameters",
] as const;

/** Somebody changed what configures a resource, from one version to another where it has versions. The marker may be missing. */
export const noteConfigChange = (
  world: World,
  arn: string,
  versions: Readonly<{ from: string | null; to: string | null }> = { from: null, to: null },
): void => {
  const draws = streamOf(world, arn, "config-change");
  const isMarked = chance(draws, world.nowMs, MARKED_SHARE);
  record(world, "configured", { arn, ...versions, isMarked });
  if (!isMarked) return;
  const ref = Math.floor(uniform(`${draws}/ref`, world.nowMs) * 2 ** 28)
    .toString(16)
    .padStart(7, "0");
  world.changes.push({
    id: `config-${ref}`,
    kind: "config",
    atMs: world.nowMs,
    target: arn,
    ref,
    ...versions,
    author: pick(`${draws}/author`, world.nowMs, AUTHORS),
    title: pick(`${draws}/title`, world.nowMs, TITLES),
  });
};
