import type { CellState } from "./autonomy.ts";
import type { Cell } from "./autonomy-evidence.ts";
import { type Actor, type AutonomyItem, autonomyItemIn, isEarnedBy } from "./autonomy-item.ts";
import type { Json } from "./json.ts";
import { autonomyKey, change } from "./ledger.ts";
import type { Ledger } from "./ports.ts";

/** Written where the evidence decided, and nobody else did. */
const BY_EVIDENCE = "evidence";

const PREFIX = "autonomy#";

/**
 * Brings the ledger's items to what the evidence says: what has earned to act alone, no longer does, or is suspended.
 * Saying it again writes nothing; a crash in the middle leaves some cells as they were, and the next time writes them. What
 * an owner granted stands until a harm ends it, and no evidence lifts a suspension.
 * @param states of that actor: what another one earned is to be earned again
 * @param acting under whose choices it is earned from here on
 */
export const grantAutonomy = async (
  ledger: Pick<Ledger, "read" | "write">,
  states: readonly CellState[],
  acting: Actor,
  nowMs: number,
): Promise<void> => {
  for (const state of states)
    await change(ledger, autonomyKey(state.runbook, state.environment), (item) => {
      const wanted = itemFor(state, autonomyItemIn(item), acting, nowMs);
      return wanted === null ? { stop: null } : { write: wanted as unknown as Json };
    });
};

/** The item to be written, or null where it stays as it is. */
const itemFor = (
  { earnedAtMs, suspended }: CellState,
  held: AutonomyItem | null,
  acting: Actor,
  changedAtMs: number,
): AutonomyItem | null => {
  if (held !== null && held.suspendedBecause !== null) return null;
  const reinstatedAtMs = held?.reinstatedAtMs ?? null;
  const changed = { changedAtMs, by: BY_EVIDENCE, reinstatedAtMs };
  if (suspended !== null && suspended.atMs >= (reinstatedAtMs ?? Number.NEGATIVE_INFINITY))
    return { ...changed, earned: false, earnedBy: null, suspendedBecause: suspended.because };
  if (earnedAtMs !== null && (held?.earned !== true || !isEarnedBy(held, acting)))
    return { ...changed, earned: true, earnedBy: namesOf(acting), suspendedBecause: null };
  if (earnedAtMs === null && held?.earned === true && held.by === BY_EVIDENCE)
    return { ...changed, earned: false, earnedBy: null, suspendedBecause: null };
  return null;
};

const namesOf = ({ policy, modelHash }: Actor): Actor => ({ policy, modelHash });

/** What a ledger holds of a cell; an item that is damaged counts as one that was earned. */
const heldOrDamaged = (item: Json | null, changedAtMs: number): AutonomyItem | null => {
  try {
    return autonomyItemIn(item);
  } catch {
    const unknown = { earnedBy: null, suspendedBecause: null, reinstatedAtMs: null };
    return { earned: true, changedAtMs, by: BY_EVIDENCE, ...unknown };
  }
};

/** Ends a cell's autonomy at once, where it has any. Repeating it changes nothing; what is damaged is written whole. */
export const suspendAutonomy = async (
  ledger: Pick<Ledger, "read" | "write">,
  { runbook, environment }: Cell,
  because: string,
  nowMs: number,
): Promise<void> => {
  await change(ledger, autonomyKey(runbook, environment), (item) => {
    const held = heldOrDamaged(item, nowMs);
    if (held === null || !held.earned) return { stop: null };
    const suspended = { ...held, earned: false, changedAtMs: nowMs, suspendedBecause: because };
    return { write: suspended as unknown as Json };
  });
};

/**
 * A person lifts a cell's suspension: it may act alone again as soon as the evidence, the harm included, says so. Changes
 * nothing where it is not suspended. @param by who
 */
export const reinstateAutonomy = async (
  ledger: Pick<Ledger, "read" | "write">,
  { runbook, environment }: Cell,
  by: string,
  nowMs: number,
): Promise<void> => {
  await change(ledger, autonomyKey(runbook, environment), (item) => {
    const held = autonomyItemIn(item);
    if (held === null || held.suspendedBecause === null) return { stop: null };
    const lifted: AutonomyItem = {
      ...{ earned: false, changedAtMs: nowMs, by, reinstatedAtMs: nowMs },
      ...{ earnedBy: null, suspendedBecause: null },
    };
    return { write: lifted as unknown as Json };
  });
};

/** When people last lifted suspensions, by `cellKey`, as `autonomyOf` wants it. */
export const reinstatedIn = async (ledger: Pick<Ledger, "list">): Promise<ReadonlyMap<string, number>> => {
  const items = await ledger.list(PREFIX);
  return new Map(
    items.flatMap(({ key, item }) => {
      const atMs = autonomyItemIn(item)?.reinstatedAtMs ?? null;
      return atMs === null ? [] : [[key.slice(PREFIX.length), atMs] as const];
    }),
  );
};
