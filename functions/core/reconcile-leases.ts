import { giveBack } from "./budget.ts";
import { type Effect, effectsOf } from "./execute.ts";
import { longestRunSeconds } from "./follow.ts";
import { crossOut, type Held, heldFor, tokenOf } from "./held-leases.ts";
import { readIncident } from "./incident.ts";
import { reclaimLease, releaseLease } from "./lease.ts";
import { change, leaseKey, RUNNING_BUDGET_KEY } from "./ledger.ts";
import type { Ports } from "./ports.ts";
import type { Catalogue, Runbook } from "./runbook.ts";

export type LeasePorts = Pick<Ports, "ledger" | "actuator" | "clock" | "catalogue"> &
  Readonly<{
    /**
     * How many executions of an incident's effects run now, by their tags. Left out, an effect whose start was never
     * answered keeps its lease: nobody can say that nothing runs.
     */
    runningOf?: (incidentId: string) => Promise<number>;
  }>;

/** How long a run and its undo can take; of a runbook that left the catalogue, as long as the longest that is in it. */
const maximumSeconds = ({ runbooks }: Catalogue, id: string): number => {
  const known = runbooks.filter((runbook) => runbook.id === id);
  const seconds = (known.length > 0 ? known : runbooks).map((runbook: Runbook) => 2 * longestRunSeconds(runbook));
  return Math.max(...seconds);
};

/**
 * Frees the lease of an effect whose incident has ended without anybody seeing the run end: once so much time has passed
 * that neither the run nor its undo can be alive, and a read shows that none is. What it took of the running budget is
 * given back. Every write may come twice. True: it is freed, now or before. Throws where nobody can tell.
 */
export const freeHeldLease = async (ports: LeasePorts, note: Held): Promise<boolean> => {
  const { ledger } = ports;
  const incident = await readIncident(ledger, note.incidentId);
  const effects = (await effectsOf(ports, note.incidentId)).filter(({ step }) => step === note.step);
  const [run] = effects.filter(({ role }) => role === "run");
  if (run !== undefined) {
    // While it is open, its own execution settles the effect.
    if (incident !== null && incident.terminal === null) return false;
    if (!(await isFreed(ports, note, run, effects))) return false;
    await change(ledger, RUNNING_BUDGET_KEY, (item) => giveBack(item, run.key));
  }
  await crossOut(ledger, note);
  return true;
};

const isFreed = async (ports: LeasePorts, note: Held, run: Effect, effects: readonly Effect[]): Promise<boolean> => {
  const { ledger, clock, catalogue } = ports;
  const key = leaseKey(run.root);
  const token = tokenOf(note.incidentId, run);
  const lease = heldFor((await ledger.read(key))?.item ?? null, token);
  if (lease === null) return true;
  const running = lease.intent === null ? 0 : await runningAmong(ports, note, effects);
  const freed = await change(ledger, key, (item) => {
    const now = heldFor(item, token);
    if (now === null) return { stop: "not-holder" as const };
    if (now.intent === null) return releaseLease(item, token, "not-tried");
    return reclaimLease(item, clock.nowMs(), maximumSeconds(catalogue, run.runbook), running);
  });
  return "write" in freed || freed.stop === "not-holder";
};

/** A run of which nobody knows anything counts as running. */
const runningAmong = async (ports: LeasePorts, note: Held, effects: readonly Effect[]): Promise<number> => {
  let running = 0;
  for (const { executionId } of effects) {
    if (executionId === null) continue;
    const { status } = await ports.actuator.poll(executionId);
    if (status === "running" || status === "unknown") running += 1;
  }
  if (effects.every(({ executionId }) => executionId !== null)) return running;
  return running + (ports.runningOf === undefined ? 1 : await ports.runningOf(note.incidentId));
};
