import type { Because } from "./reasons.ts";
import { type Catalogue, findRunbook, type Runbook, type Tier } from "./runbook.ts";
import type { Score, Verdict } from "./stages.ts";

/** All of a candidate that a proposal rests on: what it is, whether it may be, and what it is worth. */
export type Standing = Readonly<{
  /** Null where the catalogue does not know it: it is never proposed. */
  kind: Runbook["kind"] | null;
  runbook: string;
  /** False where it has no target, so that nothing is touched. */
  touches: boolean;
  tier: Tier;
  /** Null where the guard allows it. */
  refused: Because | null;
  score: Score | null;
}>;

export const standingOf = (catalogue: Catalogue, verdict: Verdict, score: Score | null): Standing => {
  const { runbook, version, target } = verdict.candidate;
  return {
    kind: findRunbook(catalogue, runbook, version)?.kind ?? null,
    runbook,
    touches: target !== null,
    tier: verdict.tier,
    refused: verdict.kind === "refused" ? verdict.because : null,
    score,
  };
};

/** What is neither waiting nor handing over changes something. */
export const isEffect = ({ kind }: Standing): boolean => kind !== "wait" && kind !== "page";

/** Minus infinity where nobody gave it a value. */
export const worthOf = (standing: Standing | undefined): number => standing?.score?.q.mean ?? Number.NEGATIVE_INFINITY;

/** Better first: higher value, then an action that touches nothing, then the gentler tier, then the older position. */
export const bestFirst = (standings: readonly Standing[], a: number, b: number): number => {
  const [x, y] = [standings[a], standings[b]];
  if (x === undefined || y === undefined) return 0;
  const value = worthOf(y) - worthOf(x);
  if (value !== 0) return value;
  return Number(x.touches) - Number(y.touches) || x.tier - y.tier || a - b;
};
