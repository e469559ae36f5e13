import { recordedChanges } from "../../../core/change-log.ts";
import type { Change } from "../../../core/evidence.ts";
import type { Ledger } from "../../../core/ports.ts";
import type { Settings } from "../../../core/settings.ts";
import { kindOf } from "../resources/all-kinds.ts";
import type { ChangesOf } from "./control-plane-changes.ts";
import { concerns, namesOf } from "./targets.ts";

/**
 * Changes that were told when they happened, each under the resource that was asked for, whatever name the event had for
 * it. Oldest first. Throws where the ledger cannot be read.
 */
export const toldChanges =
  (ledger: Pick<Ledger, "read">): ChangesOf =>
  async (arns, fromMs, toMs) => {
    const told = await recordedChanges(ledger, arns.flatMap(namesOf), fromMs, toMs);
    return arns
      .flatMap((arn) => told.filter((change) => concerns(arn, change)).map((change) => ({ ...change, target: arn })))
      .toSorted(byTime);
  };

type Parts = Readonly<{
  ledger: Pick<Ledger, "read">;
  settings: Pick<Settings, "services">;
  /** Best effort: control planes, CloudTrail, GitHub. One that fails adds no rows and takes none from the others. */
  sources: readonly ChangesOf[];
  /** Hears of every source that failed: the port can throw or answer, and a lost source is no reason to know nothing. */
  say: (sentence: string) => void;
}>;

/**
 * Every change that is known of these resources, oldest first, each once. What is in the log comes before what is only
 * seen now. With a resource come the changes of what its service lists besides and no graph holds: a pipeline, a stack, a
 * deployment group, a parameter. Throws where the log cannot be read: without it nobody knows what ran before.
 */
export const liveChanges =
  ({ ledger, settings, sources, say }: Parts): ChangesOf =>
  async (arns, fromMs, toMs) => {
    const [told, ...seen] = await Promise.all([
      toldChanges(ledger)([...new Set([...arns, ...besides(settings, arns)])], fromMs, toMs),
      ...sources.map((source) => tried(source, say, arns, fromMs, toMs)),
    ]);
    const merged = new Map<string, Change>();
    for (const change of [...told, ...seen.flat()]) {
      const key = `${change.target} ${change.id}`;
      if (!merged.has(key) && !isKnown(told, change)) merged.set(key, change);
    }
    return [...merged.values()].toSorted(byTime);
  };

const tried = async (
  source: ChangesOf,
  say: Parts["say"],
  ...[arns, fromMs, toMs]: Parameters<ChangesOf>
): Promise<readonly Change[]> => {
  try {
    return (await source(arns, fromMs, toMs)).filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  } catch (error) {
    say(`changes of one source are missing: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
};

/** What the services of these resources list and no kind reads. */
const besides = ({ services }: Parts["settings"], arns: readonly string[]): readonly string[] =>
  services
    .filter(({ resources }) => resources.some((arn) => arns.includes(arn)))
    .flatMap(({ resources }) => resources.filter((arn) => kindOf(arn) === null));

/**
 * The log tells of the same version at the same resource, at that time or later (a version is published before an alias
 * moves to it): what is seen of it under another id is that change.
 */
const isKnown = (told: readonly Change[], { id, kind, target, to, atMs }: Change): boolean =>
  to !== null &&
  told.some((one) => one.id !== id && one.target === target && one.kind === kind && one.to === to && one.atMs >= atMs);

const byTime = (one: Change, other: Change): number =>
  one.atMs - other.atMs || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
