import type { Deed } from "./act.ts";
import type { Decision } from "./decide.ts";
import type { EpisodeRow } from "./episode.ts";
import type { Json } from "./json.ts";
import { change } from "./ledger.ts";
import type { Ports } from "./ports.ts";

/** Under what a decision was made: whoever writes its row later may run other code. */
export type MadeUnder = Pick<EpisodeRow, "features_hash" | "catalogue_hash" | "guardrails_hash">;

/**
 * A decision as the ledger holds it, under `decision#ID/STEP`, with all else that its row and the row before it need if
 * the execution does not live to write them. Null where older code wrote nothing of it down.
 */
export type StoredDecision = Readonly<{
  decision: Decision;
  madeUnder: MadeUnder | null;
  /** What came of the decision before it; null of the first. */
  before: Deed | null;
}>;

const decisionKey = (incidentId: string, step: number): string => `decision#${incidentId}/${step}`;

/** Stands where the next decision would: none comes after it. */
const SEAL: Json = { sealed: true };

export const isSeal = (item: Json): boolean => typeof item === "object" && item !== null && "sealed" in item;

/** A decision as it was stored: what older code did not write down of it is null. */
export const restored = (stored: Decision): Decision => ({
  ...stored,
  limits: stored.limits ?? null,
  severity: stored.severity ?? null,
  result: stored.result.kind === "chosen" ? { ...stored.result, asks: stored.result.asks ?? null } : stored.result,
});

const parsed = (item: Json): StoredDecision => {
  const { madeUnder = null, before = null, ...decision } = item as unknown as Decision & Partial<StoredDecision>;
  return { decision: restored(decision), madeUnder, before };
};

const found = (item: Json): StoredDecision | "sealed" => (isSeal(item) ? "sealed" : parsed(item));

/** The decision of this step; null where none is stored yet, "sealed" where none ever will be. */
export const readDecision = async (
  ledger: Pick<Ports["ledger"], "read">,
  incidentId: string,
  step: number,
): Promise<StoredDecision | "sealed" | null> => {
  const item = (await ledger.read(decisionKey(incidentId, step)))?.item ?? null;
  return item === null ? null : found(item);
};

/** Writes a decision by one conditional write. What stands there already stays, and is what the caller gets. */
export const storeDecision = async (
  ledger: Ports["ledger"],
  { decision, madeUnder, before }: StoredDecision,
): Promise<StoredDecision | "sealed"> => {
  const written = await change(ledger, decisionKey(decision.incidentId, decision.step), (item) =>
    item === null ? { write: { ...decision, madeUnder, before } as unknown as Json } : { stop: item },
  );
  return found("write" in written ? written.write : (written.stop as Json));
};

/**
 * Every decision of an incident, by step, once no other can be stored: for whoever answers for all of them in the place
 * of an execution that may yet come back. Repeating it changes nothing.
 */
export const sealDecisions = async (
  ledger: Ports["ledger"],
  incidentId: string,
): Promise<readonly StoredDecision[]> => {
  for (;;) {
    const items = (await ledger.list(`decision#${incidentId}/`)).map(({ item }) => item);
    const stored = items.filter((item) => !isSeal(item)).map(parsed);
    const sealed = await change(ledger, decisionKey(incidentId, stored.length), (item) =>
      item === null ? { write: SEAL } : { stop: isSeal(item) },
    );
    // Where a decision came in between, it is listed the next time.
    if ("write" in sealed || sealed.stop) return stored.toSorted((a, b) => a.decision.step - b.decision.step);
  }
};
