import type { Change } from "../core/evidence.ts";
import { chance, pick, uniform } from "./random.ts";
import { record, streamOf, type World } from "./state.ts";

/** Changes of either kind whose marker reached the change log. */
const MARKED_SHARE = 0.8;
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
): void =>
  markChange(world, "configured", {
    kind: "config",
    draws: streamOf(world, arn, "config-change"),
    target: arn,
    ...versions,
    titles: TITLES,
    idOf: (ref) => `config-${ref}`,
  });

/** A change of a resource that somebody made, without its marker. */
type Unmarked = Pick<Change, "kind" | "target" | "from" | "to"> &
  Readonly<{
    /** The stream of what is drawn of it. */
    draws: string;
    titles: readonly string[];
    /** Its id in the change log, by its reference. */
    idOf: (ref: string) => string;
  }>;

/** Records a change as an event of this name, and in the change log where its marker got there. */
export const markChange = (
  world: World,
  event: "configured" | "released",
  { kind, target, from, to, draws, titles, idOf }: Unmarked,
): void => {
  const isMarked = chance(draws, world.nowMs, MARKED_SHARE);
  record(world, event, { arn: target, from, to, isMarked });
  if (!isMarked) return;
  const ref = Math.floor(uniform(`${draws}/ref`, world.nowMs) * 2 ** 28)
    .toString(16)
    .padStart(7, "0");
  world.changes.push({
    id: idOf(ref),
    kind,
    atMs: world.nowMs,
    target,
    ref,
    from,
    to,
    author: pick(`${draws}/author`, world.nowMs, AUTHORS),
    title: pick(`${draws}/title`, world.nowMs, titles),
  });
};
