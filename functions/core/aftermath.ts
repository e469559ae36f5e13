import { quarantine, recordFailure, recordSuccess } from "./breaker.ts";
import { giveBack } from "./budget.ts";
import type { Effect } from "./execute.ts";
import { type EndOfRun, releaseLease } from "./lease.ts";
import { breakerKey, change, leaseKey, quarantineKey, RUNNING_BUDGET_KEY } from "./ledger.ts";
import type { Ports } from "./ports.ts";
import type { Settings } from "./settings.ts";

/** How an effect came out, for what the ledger remembers of its runbook and its resource. */
export type Aftermath = "helped" | "did-not-help" | "undo-failed" | "unknown";

/**
 * Closes the books on one effect once its run, or its undo, was seen to have ended: the breaker counts a failure, a
 * failed undo bars the resource, the running budget and the lease are given back. What nobody has seen end keeps its
 * lease: reconcile frees it when it can prove that nothing runs. Repeating it changes nothing.
 */
export const settleEffect = async (
  ports: Pick<Ports, "ledger" | "clock">,
  settings: Settings,
  incidentId: string,
  effect: Effect,
  aftermath: Aftermath,
  ended: EndOfRun,
): Promise<void> => {
  const nowMs = ports.clock.nowMs();
  await change(ports.ledger, breakerKey(effect.runbook, effect.target), (item) =>
    aftermath === "helped" ? recordSuccess(item) : recordFailure(item, effect.key, nowMs, settings),
  );
  if (aftermath === "undo-failed")
    await change(ports.ledger, quarantineKey(effect.target), (item) => quarantine(item, incidentId, nowMs));
  if (ended === "running" || ended === "unknown") return;
  await change(ports.ledger, RUNNING_BUDGET_KEY, (item) => giveBack(item, effect.key));
  await change(ports.ledger, leaseKey(effect.root), (item) =>
    releaseLease(item, { incidentId, planHash: effect.planHash }, ended),
  );
};
