import { doubtIn, isFiniteScore } from "./doubt.ts";
import { candidateKey } from "./draft.ts";
import { decisionId, hashOf, sha256 } from "./ids.ts";
import { pageAmong, proposalOf } from "./proposal.ts";
import type { AbstainedCode, Because, ExcludedCode } from "./reasons.ts";
import { type Catalogue, findRunbook, type Runbook } from "./runbook.ts";
import type { Abstention, Allowed, Choice, Draw, Limits, Plan, Score, Verdict, Weighed } from "./stages.ts";
import { type Standing, standingOf } from "./standing.ts";
import { questionOn } from "./trust.ts";

/** What choose may know: verdicts and scores of the same candidates, in the same order. */
export type ChooseInput = Readonly<{
  incidentId: string;
  step: number;
  nowMs: number;
  approvalSeconds: number;
  catalogue: Catalogue;
  priced: readonly Readonly<{ verdict: Verdict; features: readonly number[]; score: Score | null }>[];
  state: readonly number[];
  /** Of the service, 1 the gravest; where it is left out, `wait` is not explored. */
  severity?: number;
  draw: Draw;
  /** The limits of a learnt model's word; left out where the scorer is none. */
  limits?: Limits | undefined;
  /** Set where the scorer could not speak at all. */
  scorerFailure: Because<AbstainedCode> | null;
}>;

export type Chosen = Readonly<{ weighed: readonly Weighed[]; result: Choice | Abstention; seed: string }>;

type Excluded = ReadonlyMap<number, Because<ExcludedCode>>;

/** A number in [0, 1) from a text: the draw is part of the record, anyone can repeat it. */
const unitFrom = (seed: string): number => Number.parseInt(sha256(seed).slice(0, 12), 16) / 2 ** 48;

/**
 * Picks among the allowed candidates. A refused one has probability exactly 0, whatever its value; so has one that is too
 * likely to harm. Abstains where the numbers cannot be trusted, and where every effect was refused, or the best left out,
 * though one of them would have been the best. Where a learnt model's word is not enough, a person is asked.
 */
export const choose = (given: ChooseInput): Chosen => {
  const seed = decisionId(given.incidentId, given.step);
  const why = doubtIn(given);
  const input = { ...given, priced: given.priced.map(asKept) };
  if (why !== null) return abstain(input, { kind: "abstained", because: why, falls: "page" }, new Map(), seed);
  const standings = input.priced.map(({ verdict, score }) => standingOf(input.catalogue, verdict, score));
  const { severity = 1, limits = null, draw } = input;
  const proposal = proposalOf(standings, { draw, limits, severity });
  const { excluded } = proposal;
  if (proposal.kind === "abstained") {
    const { because, falls } = proposal;
    return abstain(input, { kind: "abstained", because, falls }, excluded, seed);
  }
  const { shares } = proposal;
  const choice = choiceOf(input, standings, drawn(shares, unitFrom(seed)));
  if (choice !== null) return { seed, result: choice, weighed: weigh(input, excluded, (i) => shares.get(i) ?? 0) };
  const unknown = { code: "all-refused", detail: "what was drawn is not in the catalogue" } as const;
  return abstain(input, { kind: "abstained", because: unknown, falls: "page" }, excluded, seed);
};

/** As a record keeps it, so that from the record everyone draws the same: a score that is no number there is none. */
const asKept = (one: ChooseInput["priced"][number]): ChooseInput["priced"][number] =>
  one.score === null || isFiniteScore(one.score) ? one : { ...one, score: null };

/** The index on whose part of [0, 1) the number falls, the parts laid end to end. */
const drawn = (shares: ReadonlyMap<number, number>, at: number): number | undefined => {
  let upTo = 0;
  for (const [index, share] of shares) {
    upTo += share;
    if (at < upTo) return index;
  }
  return [...shares.keys()].at(-1);
};

/** The one place where a Choice is minted: only from an allowed verdict. What is asked about takes one consent at least. */
const choiceOf = (input: ChooseInput, standings: readonly Standing[], index: number | undefined): Choice | null => {
  const verdict = index === undefined ? undefined : input.priced[index]?.verdict;
  const standing = index === undefined ? undefined : standings[index];
  if (index === undefined || standing === undefined || verdict?.kind !== "allowed") return null;
  const { candidate, tier, consents } = verdict;
  const runbook = findRunbook(input.catalogue, candidate.runbook, candidate.version);
  if (runbook === null) return null;
  const asks = input.limits === undefined ? null : questionOn(input.limits, standing, pageAmong(standings));
  return {
    kind: "chosen",
    index,
    candidate,
    tier,
    consents: asks === null || consents > 1 ? consents : 1,
    plan: planFor(input, runbook, verdict),
    asks,
  } as Choice;
};

const planFor = (input: ChooseInput, runbook: Runbook, verdict: Allowed): Plan | null => {
  const { candidate } = verdict;
  if (runbook.documents === null || candidate.target === null) return null;
  const planned = {
    runbook: candidate.runbook,
    version: candidate.version,
    documentHash: runbook.documents.automation.hash,
    undoHash: runbook.documents.undo?.hash ?? null,
    target: candidate.target,
    params: candidate.params,
  };
  return {
    hash: hashOf({ incidentId: input.incidentId, step: input.step, ...planned }),
    ...planned,
    madeAtMs: input.nowMs,
    expiresAtMs: input.nowMs + input.approvalSeconds * 1000,
  };
};

const abstain = (input: ChooseInput, result: Abstention, excluded: Excluded, seed: string): Chosen => {
  const index = input.priced.findIndex(({ verdict: { candidate } }) => {
    const runbook = findRunbook(input.catalogue, candidate.runbook, candidate.version);
    return runbook?.kind === result.falls;
  });
  return { seed, result, weighed: weigh(input, excluded, (i) => (i === index ? 1 : 0)) };
};

const weigh = (
  { priced }: ChooseInput,
  excluded: Excluded,
  probability: (index: number) => number,
): readonly Weighed[] =>
  priced.map((one, i) => ({
    ...one,
    excluded: excluded.get(i) ?? null,
    probability: probability(i),
  }));

/** The key under which a candidate appears in episodes. */
export const keyOf = (weighed: Weighed): string => candidateKey(weighed.verdict.candidate);
