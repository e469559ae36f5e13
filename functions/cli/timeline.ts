import type { AlarmState } from "../core/alarm.ts";
import type { Decision } from "../core/decide.ts";
import type { Change } from "../core/evidence.ts";
import type { Because } from "../core/reasons.ts";
import type { IncidentRecord } from "../core/record.ts";
import type { Params } from "../core/runbook.ts";
import type { Candidate, Card, Estimate, Run, Vote, Weighed } from "../core/stages.ts";
import { cardLines } from "./card.ts";
import { aligned, type Format, type Paint, plain } from "./terminal-text.ts";

/** One thing that happened, as the ports saw it. Every time is the simulated clock's. */
export type Told = Readonly<{ atMs: number }> &
  (
    | Readonly<{ kind: "world"; title: string }>
    | Readonly<{ kind: "world-ended"; fault: string; impactMinutes: number }>
    | Readonly<{
        kind: "fired";
        alarmName: string;
        state: AlarmState;
        intake: "opened" | "joined" | "updated";
      }>
    | Readonly<{ kind: "decided"; decision: ToldDecision; seen: Seen }>
    | Readonly<{ kind: "asked"; card: Card }>
    | Readonly<{ kind: "answered"; vote: Vote }>
    | Readonly<{ kind: "started"; role: string; document: string; parameters: Params; refused: string | null }>
    | Readonly<{ kind: "ended"; role: string; document: string; run: Run }>
    | Readonly<{ kind: "paged"; incidentId: string; summary: string; details: readonly string[] }>
    | Readonly<{ kind: "closed"; record: IncidentRecord }>
  );

/** The members of a decision that the timeline shows. */
export type ToldDecision = Pick<Decision, "step" | "policy" | "missing" | "facts" | "weighed" | "result">;

/** What was read for one decision: the largest answer of each kind. */
export type Seen = Readonly<{
  series: number;
  resources: number;
  logLines: number;
  changes: readonly Change[];
}>;

/** The lines that tell one event: `MM:SS` since `zeroMs`, a symbol, words. */
export const timelineLines = (told: Told, zeroMs: number, paint: Paint): readonly string[] => {
  const head = (symbol: string, format: Format, words: string): string =>
    `${paint("dim", offset(told.atMs - zeroMs))} ${paint(format, symbol)} ${words}`;
  switch (told.kind) {
    case "world":
      return ["", paint("bold", plain(told.title))];
    case "world-ended":
      return [head("─", "dim", `the fault was ${told.fault}; users lost ${told.impactMinutes.toFixed(1)} minutes`)];
    case "fired":
      return [head(told.state === "OK" ? "○" : "●", told.state === "OK" ? "green" : "red", firedWords(told))];
    case "decided":
      return [
        head("◇", "cyan", seenWords(told.seen, told.decision, told.atMs)),
        ...told.decision.facts.map((fact) => `          ${plain(fact)}`),
        head(
          "◆",
          "cyan",
          `decision ${told.decision.step} by ${plain(told.decision.policy)}: ${choiceWords(told.decision)}`,
        ),
        ...candidateTable(told.decision, paint),
      ];
    case "asked":
      return [
        head("?", "yellow", `asks people about ${told.card.decisionId}`),
        ...cardLines(told.card, told.atMs, paint).map((line) => `        ${line}`),
      ];
    case "answered":
      return [head("!", "yellow", answeredWords(told.vote))];
    case "started":
      return [head(told.role === "undo" ? "↶" : "▶", told.refused === null ? "yellow" : "red", startedWords(told))];
    case "ended":
      return [head("■", told.run.status === "succeeded" ? "green" : "red", endedWords(told))];
    case "paged":
      return [
        head("☎", "red", `pages a person: ${plain(told.summary)}`),
        ...told.details.map((detail) => `          ${plain(detail)}`),
      ];
    case "closed":
      return [head("═", told.record.terminal === "RESOLVED" ? "green" : "bold", closedWords(told.record))];
  }
};

/** Minutes and seconds, minutes running past 60; before zero with a minus. */
export const offset = (ms: number): string => {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const text = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  return ms < 0 ? `-${text}` : text;
};

const firedWords = (told: Extract<Told, { kind: "fired" }>): string =>
  `alarm ${plain(told.alarmName)} is ${told.state}: incident ${told.intake}`;

const seenWords = (seen: Seen, decision: ToldDecision, atMs: number): string => {
  const read = `saw ${seen.series} series, ${seen.resources} resources, ${seen.logLines} log lines`;
  const newest = seen.changes.toSorted((one, other) => other.atMs - one.atMs)[0];
  const changed =
    newest === undefined
      ? "no change"
      : `newest change: ${newest.kind} of ${shortName(newest.target)}, ${Math.round((atMs - newest.atMs) / 60_000)} min before`;
  const missing = decision.missing.map(({ source, because }) => `${source} (${because})`);
  return `${read}; ${plain(changed)}; ${missing.length === 0 ? "nothing missing" : `missing: ${plain(missing.join(", "))}`}`;
};

const choiceWords = ({ result }: ToldDecision): string => {
  if (result.kind === "abstained") return `abstains, ${becauseWords(result.because)}; falls to ${result.falls}`;
  const { runbook, target } = result.candidate;
  const asks = result.asks === null ? "" : `; asks a person, ${becauseWords(result.asks)}`;
  return `${plain(runbook)}${target === null ? "" : ` on ${shortName(target)}`}${asks}`;
};

const chosenIndex = ({ result }: ToldDecision): number => (result.kind === "chosen" ? result.index : -1);

const candidateTable = (decision: ToldDecision, paint: Paint): readonly string[] => {
  const chosen = chosenIndex(decision);
  const isLearnt = decision.weighed.some(({ score }) => score?.outlook !== undefined);
  const rows = decision.weighed.map((weighed, index) => candidateRow(weighed, index === chosen, isLearnt));
  const expected = isLearnt ? ["recovers", "harm"] : [];
  return aligned([["", "runbook", "target", "fit", "score", ...expected, "verdict", "why"], ...rows]).map(
    (line, index) => paint(formatOf(decision, index - 1), `          ${line}`),
  );
};

const formatOf = (decision: ToldDecision, index: number): Format => {
  if (index >= 0 && index === chosenIndex(decision)) return "bold";
  return decision.weighed[index]?.verdict.kind === "allowed" ? "cyan" : "dim";
};

/** An estimate of an effect in percent, with its range. */
const percent = (target: string | null, estimate: Estimate | undefined): string => {
  if (target === null || estimate === undefined) return "-";
  const [mean, low, high] = [estimate.mean, estimate.low, estimate.high].map((share) => Math.round(share * 100));
  return `${mean}% (${low}-${high})`;
};

const candidateRow = (
  { verdict, excluded, score }: Weighed,
  isChosen: boolean,
  isLearnt: boolean,
): readonly string[] => {
  const { runbook, version, target, fit } = verdict.candidate;
  return [
    isChosen ? ">" : " ",
    plain(`${runbook}@${version}`),
    target === null ? "-" : shortName(target),
    fit === null ? "-" : fit.toFixed(2),
    score === null ? "-" : score.q.mean.toFixed(2),
    ...(isLearnt ? [score?.outlook?.recovers, score?.outlook?.harms].map((one) => percent(target, one)) : []),
    verdictWords(verdict, excluded !== null),
    verdict.kind === "refused"
      ? becauseWords(verdict.because)
      : excluded === null
        ? saidWords(verdict.candidate)
        : becauseWords(excluded),
  ];
};

/** Why it is there: a rule's computed sentence, else a doubt, or the drafter's own words, labelled as such. */
const saidWords = ({ because, doubt, says }: Candidate): string => {
  if (doubt !== null) return `doubted, ${becauseWords(doubt)}`;
  return because !== "" || says === null ? plain(because) : plain(`the model's words: ${says}`);
};

const verdictWords = (verdict: Weighed["verdict"], isExcluded: boolean): string => {
  if (isExcluded) return `excluded T${verdict.tier}`;
  if (verdict.kind === "refused" || verdict.consents === 0) return `${verdict.kind} T${verdict.tier}`;
  return `allowed T${verdict.tier}, ${verdict.consents} to consent`;
};

const answeredWords = (vote: Vote): string =>
  `${plain(vote.person)} (${plain(vote.group)}) ${vote.answer === "approve" ? "approves" : "rejects"}${vote.reason === "" ? "" : `: ${plain(vote.reason)}`}`;

const startedWords = (told: Extract<Told, { kind: "started" }>): string => {
  const parameters = Object.entries(told.parameters).map(([name, value]) => `${name}=${value}`);
  const what = `${told.role === "undo" ? "undoes with" : "starts"} ${told.document} (${plain(parameters.join(", "))})`;
  return told.refused === null ? what : `${what}: not started, ${plain(told.refused)}`;
};

const endedWords = ({ role, document, run }: Extract<Told, { kind: "ended" }>): string => {
  const step = run.failedStep === null ? "" : ` at ${plain(run.failedStep)}`;
  return `${role === "undo" ? "undo" : "run"} ${document} ${run.status}${step}${run.reason === null ? "" : `: ${plain(run.reason)}`}`;
};

const closedWords = (record: IncidentRecord): string => {
  const last = record.decisions.at(-1);
  const outcome = last === undefined ? "" : `, last outcome ${last.outcome.kind} after ${last.outcome.afterSeconds} s`;
  return `${record.terminal}: ${becauseWords(record.because)}${outcome}`;
};

const becauseWords = (because: Because): string => plain(`${because.code}: ${because.detail}`);

/** The part of an ARN that people say: what follows the last colon. */
const shortName = (arn: string): string => plain(arn.split(":").at(-1) ?? arn);
