import type { Deliberation } from "./decide.ts";
import { pageAmong } from "./proposal.ts";
import { type Prospect, prospectOf, type Told } from "./prospect.ts";
import type { Catalogue } from "./runbook.ts";
import type { Estimate, Weighed } from "./stages.ts";
import { bestFirst, standingOf } from "./standing.ts";
import { questionOn } from "./trust.ts";

/** The best candidate that was not chosen, by its index, and why it lost. */
export type RunnerUp = Readonly<{ index: number; lost: string }>;

/** What was chosen and what came second, each with what was expected of it; null where there is none. */
export type Explanation = Readonly<{
  chosen: Prospect | null;
  runnerUp: (RunnerUp & Readonly<{ prospect: Prospect | null }>) | null;
}>;

type Decided = Told & Pick<Deliberation, "result">;

/** Why it was chosen, in numbers: told from the decision alone, so that it can be told again from a ledger. */
export const explain = (catalogue: Catalogue, decision: Decided): Explanation => {
  const runnerUp = runnerUpOf(catalogue, decision);
  return {
    chosen: prospectOf(catalogue, decision, chosenIn(decision)),
    runnerUp: runnerUp === null ? null : { ...runnerUp, prospect: prospectOf(catalogue, decision, runnerUp.index) },
  };
};

const chosenIn = ({ result }: Decided): number => (result.kind === "chosen" ? result.index : -1);

/** The best of the others by value, with why it lost; null where there is no other. */
export const runnerUpOf = (catalogue: Catalogue, decision: Decided): RunnerUp | null => {
  const others = decision.weighed.flatMap((one, index) =>
    index !== chosenIn(decision) && one.score !== null ? [{ one, index }] : [],
  );
  const [best] = others.toSorted((a, b) => rankOf(b.one) - rankOf(a.one));
  return best === undefined
    ? null
    : { index: best.index, lost: lostBecause(catalogue, decision, best.one, best.index) };
};

const rankOf = (weighed: Weighed | undefined): number => weighed?.score?.q.mean ?? 0;

const lostBecause = (catalogue: Catalogue, decision: Decided, one: Weighed, index: number): string => {
  const { weighed, limits } = decision;
  if (one.verdict.kind === "refused") return `refused: ${one.verdict.because.detail}`;
  if (one.excluded !== null) return `left out: ${one.excluded.detail}`;
  const chosen = weighed[chosenIn(decision)];
  if (limits === null || chosen === undefined) return "lower value";
  const standings = weighed.map(({ verdict, score }) => standingOf(catalogue, verdict, score));
  const behind = rankOf(chosen) - rankOf(one);
  const isFirst = bestFirst(standings, index, chosenIn(decision)) < 0;
  const later = index > chosenIn(decision) ? "level, and later in the list" : "level, and less gentle";
  const drawn = `${behind === 0 ? "level" : `better by ${apart(-behind)}`}, another was drawn to learn from`;
  const lost = isFirst ? drawn : behind === 0 ? later : `lower by ${apart(behind)}`;
  const standing = standingOf(catalogue, one.verdict, one.score);
  const question = questionOn(limits, standing, pageAmong(standings));
  return question === null ? lost : `${lost}, and a person would have been asked: ${question.detail}`;
};

const fixed = (value: number): string => value.toFixed(2);
/** A difference above 0. */
const apart = (by: number): string => (by < 0.005 ? "less than 0.01" : fixed(by));
const of100 = (share: number): number => Math.round(share * 100);

const between = ({ low, high }: Estimate, said: (value: number) => string | number): string =>
  `(${said(low)} to ${said(high)})`;

/** Better or worse than something, by so much, with the range: the sign of a range is told by its own numbers. */
const leadOver = (what: string, lead: Estimate): string =>
  lead.mean < 0
    ? `worse than ${what} by ${fixed(-lead.mean)} ${between(mirrored(lead), fixed)}`
    : `better than ${what} by ${fixed(lead.mean)} ${between(lead, fixed)}`;

const mirrored = ({ mean, low, high }: Estimate): Estimate => ({ mean: -mean, low: -high, high: -low });

const upliftWords = ({ kind, recovers, upliftOverWait, mayWait }: Prospect): readonly string[] => {
  if (recovers === null || kind === "wait") return [];
  if (upliftOverWait === null)
    return [`uplift over waiting not known: ${mayWait ? "wait seldom logged here" : "waiting was not a choice here"}`];
  const isFewer = upliftOverWait.mean < 0;
  const by = isFewer ? mirrored(upliftOverWait) : upliftOverWait;
  return [`${of100(by.mean)} of 100 ${isFewer ? "fewer" : "more"} than recover by waiting ${between(by, of100)}`];
};

const similarWords = ({ kind, similarRuns }: Prospect): readonly string[] => {
  if (kind === "wait" || kind === "page") return [];
  if (similarRuns === null) return ["earlier runs cannot be read"];
  const { runs, helped } = similarRuns;
  if (runs === 0) return ["no earlier run here on such alarms"];
  return [`${runs} earlier ${runs === 1 ? "run" : "runs"} here on such alarms, ${helped} helped`];
};

/**
 * A prospect in sentences that are understood at night: frequencies of 100, ranges in brackets. The value's unit is a share
 * of what an incident usually costs, the reward's scale.
 */
export const prospectWords = (prospect: Prospect): readonly string[] => {
  const { kind, overPage, recovers, harms } = prospect;
  const alone = kind === "wait" ? "heals by itself" : "recovers";
  return [
    ...(overPage === null ? [] : [leadOver("calling a person", overPage)]),
    ...(recovers === null ? [] : [`${alone} in ${of100(recovers.mean)} of 100 ${between(recovers, of100)}`]),
    ...upliftWords(prospect),
    ...(harms === null
      ? []
      : [`undone, worse or unknown after in ${of100(harms.mean)} of 100 ${between(harms, of100)}`]),
    ...similarWords(prospect),
  ];
};
