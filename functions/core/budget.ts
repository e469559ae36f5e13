import { z } from "zod";
import type { Json } from "./json.ts";
import { change, RUNNING_BUDGET_KEY, resourceBudgetKey, serviceBudgetKey } from "./ledger.ts";
import type { Ledger } from "./ports.ts";
import type { Settings } from "./settings.ts";

/** A bound on effects. `windowSeconds` null: an effect counts until it is given back (it has ended). */
export type Budget = Readonly<{ key: string; what: string; limit: number; windowSeconds: number | null }>;

/** The three budgets that one effect spends: its service's hour, its resource's day, and what runs in all. */
export const budgetsOf = (settings: Pick<Settings, "budgets">, service: string, arn: string): readonly Budget[] => [
  {
    key: serviceBudgetKey(service),
    what: "actions on this service within an hour",
    limit: settings.budgets.actionsPerServiceAndHour,
    windowSeconds: 3600,
  },
  {
    key: resourceBudgetKey(arn),
    what: "actions on this resource within a day",
    limit: settings.budgets.actionsPerResourceAndDay,
    windowSeconds: 24 * 3600,
  },
  {
    key: RUNNING_BUDGET_KEY,
    what: "actions running in all",
    limit: settings.budgets.runningInAll,
    windowSeconds: null,
  },
];

const budgetItem = z.strictObject({
  counted: z.array(z.strictObject({ effectKey: z.string(), atMs: z.number() })),
});
type Counted = z.infer<typeof budgetItem>["counted"];

/** The item's time never goes backwards: a clock that does would otherwise fit more effects into one window. */
const ledgerTimeMs = (counted: Counted, nowMs: number): number =>
  counted.reduce((latest, entry) => Math.max(latest, entry.atMs), nowMs);

/** What still counts. Throws a ZodError on a damaged item, which refuses the effect. */
const countedOf = (item: Json | null, budget: Budget, nowMs: number): Counted => {
  const counted = item === null ? [] : budgetItem.parse(item).counted;
  if (budget.windowSeconds === null) return counted;
  const fromMs = ledgerTimeMs(counted, nowMs) - budget.windowSeconds * 1000;
  return counted.filter((entry) => entry.atMs > fromMs);
};

/** How many effects count now, the asker's own left out. @param effectKey the asker's, or null for a proposal */
export const spentBy = (item: Json | null, budget: Budget, nowMs: number, effectKey: string | null): number =>
  countedOf(item, budget, nowMs).filter((entry) => entry.effectKey !== effectKey).length;

/** Counts an effect by its key; the same key counts once. `spent`: the budget has no room, `count` effects fill it. */
export const spend = (
  item: Json | null,
  budget: Budget,
  effectKey: string,
  nowMs: number,
): Readonly<{ write: Json }> | Readonly<{ stop: "counted" }> | Readonly<{ stop: "spent"; count: number }> => {
  const counted = countedOf(item, budget, nowMs);
  if (counted.some((entry) => entry.effectKey === effectKey)) return { stop: "counted" };
  if (counted.length >= budget.limit) return { stop: "spent", count: counted.length };
  return { write: { counted: [...counted, { effectKey, atMs: ledgerTimeMs(counted, nowMs) }] } };
};

/** Takes an effect out of a budget: a run that ended (running), or a start that definitely did not happen. */
export const giveBack = (
  item: Json | null,
  effectKey: string,
): Readonly<{ write: Json }> | Readonly<{ stop: "absent" }> => {
  const counted = item === null ? [] : budgetItem.parse(item).counted;
  const left = counted.filter((entry) => entry.effectKey !== effectKey);
  return left.length === counted.length ? { stop: "absent" } : { write: { counted: left } };
};

/**
 * Spends every budget for one effect, or none: what this call counted is given back when a later budget is spent.
 * A crash in between leaves too much counted, never too little; the retry, with the same key, goes on from there.
 * @returns null when all were spent, else the budget that has no room. Throws LedgerContended.
 */
export const spendAll = async (
  ledger: Pick<Ledger, "read" | "write">,
  budgets: readonly Budget[],
  effectKey: string,
  nowMs: number,
): Promise<Budget | null> => {
  const counted: Budget[] = [];
  for (const budget of budgets) {
    const decided = await change(ledger, budget.key, (item) => spend(item, budget, effectKey, nowMs));
    if ("write" in decided) counted.push(budget);
    else if (decided.stop === "spent") {
      for (const earlier of counted) await change(ledger, earlier.key, (item) => giveBack(item, effectKey));
      return budget;
    }
  }
  return null;
};
