import type { Context } from "./context.ts";
import { hashOf } from "./ids.ts";
import type { Drafted, Proposal } from "./ports.ts";
import type { Because, DoubtedCode } from "./reasons.ts";
import { remembered } from "./remembered.ts";
import type { Catalogue, Params, Runbook } from "./runbook.ts";
import type { Candidate } from "./stages.ts";

/** More candidates than this are cut: nobody reads a longer list, and the network scores at most 32. */
export const MOST_CANDIDATES = 32;

/** Half a character and a number that is none, which only a drafter's parameter can hold, have no canonical hash. */
const wellFormed = (params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name.toWellFormed(),
      typeof value === "string" ? value.toWellFormed() : Number.isFinite(value) ? value : String(value),
    ]),
  );

/** One name for one thing to do: `runbook@version#parameters`. */
export const candidateKey = (candidate: Pick<Candidate, "runbook" | "version" | "params">): string =>
  `${candidate.runbook}@${candidate.version}#${hashOf(wellFormed(candidate.params)).slice(0, 16)}`;

const suggestionsOf = (context: Context, runbook: Runbook): readonly Candidate[] =>
  runbook.suits(context).map((suggestion) => ({
    runbook: runbook.id,
    version: runbook.version,
    target: runbook.targetType === null ? null : suggestion.target,
    params: suggestion.params,
    source: runbook.documents === null ? ("always" as const) : ("rules" as const),
    fit: suggestion.fit,
    rank: null,
    recovers: null,
    doubt: null,
    because: suggestion.because,
    says: null,
    evidence: suggestion.evidence,
  }));

/** What the catalogue's own rules say of a context: each runbook is asked once, whoever wants to know. */
const ruled = remembered((context: Context, { runbooks }: Catalogue) => {
  const suggested = (isAlways: boolean): readonly Candidate[] =>
    runbooks
      .filter((runbook) => (runbook.documents === null) === isAlways)
      .flatMap((runbook) => suggestionsOf(context, runbook));
  return { effects: suggested(false), always: suggested(true) };
});

/** A drafter's proposal as a candidate without a rank: its words stay its own. */
const proposed = (proposal: Proposal, isHeard: boolean): Candidate => ({
  ...proposal,
  source: isHeard ? "drafter" : "rules",
  fit: null,
  rank: null,
  recovers: null,
  doubt: null,
  because: "",
  says: isHeard ? proposal.because : null,
  evidence: proposal.evidence.map(({ id }) => id),
});

/** The same thing done to the same target, whoever thought of it. Compared within one list, so it need not be short. */
const nameOf = ({ runbook, version, params, target }: Pick<Candidate, "runbook" | "version" | "params" | "target">) =>
  JSON.stringify([runbook, version, target?.toWellFormed(), Object.entries(wellFormed(params)).sort()]);

/**
 * Puts together what can be done: everything that the catalogue's own rules suggest, what the drafter named on top
 * (with its rank), and `wait` and `page`, always. What a drafter says of unknown runbooks stays in the list, so that
 * the guard refuses it with a reason. What is doubted keeps its place without its rank, and what comes after it moves
 * up; where the rules suggest the same, theirs stays, words and all. Order: effects by fit, then wait and page; at most
 * 32, the two never cut.
 */
export const candidatesFor = (
  context: Context,
  catalogue: Catalogue,
  drafted: Drafted,
  doubts: readonly (Because<DoubtedCode> | null)[] = [],
): readonly Candidate[] => {
  const { effects, always } = ruled(context, catalogue);
  const candidates = new Map(effects.map((effect) => [nameOf(effect), effect]));
  const isHeard = drafted.name !== "offline";
  const named = new Set<string>();
  for (const [index, proposal] of drafted.proposals.slice(0, MOST_CANDIDATES).entries()) {
    const name = nameOf(proposal);
    if (named.has(name) || always.some((one) => one.runbook === proposal.runbook)) continue;
    named.add(name);
    const own = candidates.get(name);
    const doubt = doubts[index] ?? null;
    const rank = index - doubts.slice(0, index).filter((one) => one !== null).length;
    const bare = proposed(proposal, isHeard);
    const ranked = { fit: own?.fit ?? null, because: own?.because ?? "", rank, recovers: proposal.recovers };
    candidates.set(name, doubt === null ? { ...bare, ...ranked } : { ...(own ?? bare), doubt });
  }
  for (const proposal of drafted.rejected.slice(0, MOST_CANDIDATES)) {
    const name = nameOf(proposal);
    if (candidates.has(name) || always.some((one) => one.runbook === proposal.runbook)) continue;
    candidates.set(name, proposed(proposal, true));
  }
  const ranked = [...candidates.values()].sort((a, b) => (b.fit ?? 0) - (a.fit ?? 0));
  return [...ranked.slice(0, MOST_CANDIDATES - always.length), ...always];
};

/** The drafter that needs no model: the catalogue's own `suits` rules, ranked by fit. */
export const draftOffline = (context: Context, catalogue: Catalogue, because: Drafted["because"]): Drafted => ({
  name: "offline",
  because,
  model: null,
  modelBecause: null,
  inputTokens: 0,
  outputTokens: 0,
  usd: 0,
  hypotheses: [],
  rejected: [],
  proposals: ruled(context, catalogue)
    .effects.toSorted((a, b) => (b.fit ?? 0) - (a.fit ?? 0))
    .map(({ runbook, version, target, params, because: why, evidence }) => ({
      runbook,
      version,
      target: target ?? "",
      params,
      because: why,
      evidence: evidence.map((id) => ({ id, says: null })),
      recovers: null,
    })),
});
