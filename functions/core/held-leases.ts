import { z } from "zod";
import type { Effect } from "./execute.ts";
import type { Json } from "./json.ts";
import { acquireLease, type LeaseToken } from "./lease.ts";
import { change, leaseKey } from "./ledger.ts";
import type { Ports } from "./ports.ts";

/** One decision's effect whose lease outlives its incident. */
export type Held = Readonly<{ incidentId: string; step: number }>;

/** A lease is named by its root and leases are never listed: what reconcile has to look after is written down here. */
const HELD_KEY = "held#leases";

const heldItem = z.array(z.strictObject({ incidentId: z.string(), step: z.int() }));

const parsed = (item: Json | null): readonly Held[] => (item === null ? [] : heldItem.parse(item));

const isSame = (one: Held, other: Held): boolean => one.incidentId === other.incidentId && one.step === other.step;

export const tokenOf = (incidentId: string, effect: Effect): LeaseToken => ({ incidentId, planHash: effect.planHash });

/** Whether a lease item is held for this token; `intent` null: nothing was ever tried under it. */
export const heldFor = (item: Json | null, token: LeaseToken): Readonly<{ intent: string | null }> | null => {
  const lease = acquireLease(item, token, 0);
  return "stop" in lease && lease.stop === "mine" ? { intent: lease.intent } : null;
};

/**
 * Notes which of an incident's effects still hold their lease when it ends: those that nobody saw end. Repeating it
 * changes nothing; a note whose lease was given back meanwhile is crossed out by reconcile.
 */
export const noteHeldLeases = async (
  ledger: Ports["ledger"],
  incidentId: string,
  effects: readonly Effect[],
): Promise<void> => {
  for (const effect of effects) {
    if (effect.role !== "run" || effect.dryRun) continue;
    const lease = (await ledger.read(leaseKey(effect.root)))?.item ?? null;
    if (heldFor(lease, tokenOf(incidentId, effect)) === null) continue;
    const note: Held = { incidentId, step: effect.step };
    await change(ledger, HELD_KEY, (item) => {
      const held = parsed(item);
      return held.some((one) => isSame(one, note)) ? { stop: null } : { write: [...held, note] };
    });
  }
};

/** Oldest first. */
export const heldLeases = async (ledger: Pick<Ports["ledger"], "read">): Promise<readonly Held[]> =>
  parsed((await ledger.read(HELD_KEY))?.item ?? null);

export const crossOut = async (ledger: Ports["ledger"], note: Held): Promise<void> => {
  await change(ledger, HELD_KEY, (item) => {
    const held = parsed(item);
    const left = held.filter((one) => !isSame(one, note));
    return left.length === held.length ? { stop: null } : { write: left };
  });
};
