import type { Json } from "./json.ts";
import type { Ledger, Versioned } from "./ports.ts";

/** Nobody's fault and nobody's write: the item was not written within the tries; the cause is the last failure, if any. */
export class LedgerContended extends Error {
  override name = "LedgerContended";
}

/** What a decision over one item says: write this, or stop and say why. Either may carry more for its caller. */
export type Decided = Readonly<{ write: Json }> | Readonly<{ stop: unknown }>;

/**
 * Reads one item, decides, writes on condition that nobody wrote meanwhile; a conflict reads and decides again.
 * A lost reply (written, but the write threw or said false) is met by reading again, so `decide` must recognise its own
 * token in the item and stop. A crash in the middle leaves either the old item or the new one.
 *
 * @param decide pure; runs once a try. What it throws passes through.
 * @param tries the most writes that are attempted, at least 1.
 * @returns what was decided in the try that counted.
 * @throws LedgerContended after the last try; the item may still have been written by a write whose reply was lost.
 */
export const change = async <D extends Decided>(
  ledger: Pick<Ledger, "read" | "write">,
  key: string,
  decide: (item: Json | null) => D,
  tries = 5,
): Promise<D> => {
  let cause: unknown;
  for (let attempt = 0; attempt <= tries; attempt++) {
    const found = await settled<Versioned | null>(() => ledger.read(key));
    if (found.kind === "threw") {
      cause = found.cause;
      continue;
    }
    const decided: Decided & D = decide(found.value?.item ?? null);
    if (!("write" in decided)) return decided;
    // The last turn only looks: it tells a lost reply of the last write from a lost race.
    if (attempt === tries) break;
    const wrote = await settled(() => ledger.write(key, decided.write, found.value?.version ?? null));
    if (wrote.kind === "threw") cause = wrote.cause;
    else if (wrote.value) return decided;
  }
  throw new LedgerContended(`${key}: not written in ${tries} tries; read it again before anything rests on it`, {
    cause,
  });
};

type Settled<T> = Readonly<{ kind: "answered"; value: T }> | Readonly<{ kind: "threw"; cause: unknown }>;

const settled = async <T>(call: () => Promise<T>): Promise<Settled<T>> => {
  try {
    return { kind: "answered", value: await call() };
  } catch (cause) {
    return { kind: "threw", cause };
  }
};

/** One lease covers a resource's whole hierarchy. @param root ARN or id of the hierarchy's root */
export const leaseKey = (root: string): string => `lease#${root}`;

/** Counts effects on one service. @param service its name in the settings */
export const serviceBudgetKey = (service: string): string => `budget#service/${service}`;

/** Counts effects on one resource. */
export const resourceBudgetKey = (arn: string): string => `budget#resource/${arn}`;

/** Counts the effects that run now, in all. */
export const RUNNING_BUDGET_KEY = "budget#running";

/** Failures of one runbook on one resource. A runbook's id holds no slash, so the first slash ends it. */
export const breakerKey = (runbook: string, arn: string): string => `breaker#${runbook}/${arn}`;

/** When one runbook last ran on one resource. */
export const cooldownKey = (runbook: string, arn: string): string => `cooldown#${runbook}/${arn}`;

/** Whether a runbook may act alone. @param environment the service's own word for it, for instance `production` */
export const autonomyKey = (runbook: string, environment: string): string => `autonomy#${runbook}/${environment}`;

/** Bars all automation from a resource whose undo failed. */
export const quarantineKey = (arn: string): string => `quarantine#${arn}`;
