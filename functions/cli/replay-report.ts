import type { DecisionRecord, IncidentRecord } from "../core/record.ts";
import { alignedRows, printable } from "./aligned.ts";

/** One replayed incident; `saw` is the sentence of evidence that weighed most, null where nothing was seen. */
export type ReplayRow = Readonly<{ record: IncidentRecord; saw: string | null }>;

const HEADER = ["alarm", "decisions", "saw", "proposed", "refused", "terminal"] as const;

/** A table of what replayed incidents came to: plain text, columns aligned, one row an incident, a line end at its end. */
export const replayReport = (rows: readonly ReplayRow[]): string =>
  alignedRows([HEADER, ...rows.map(cellsOf)].map((cells) => cells.map(printable)));

const cellsOf = ({ record, saw }: ReplayRow): readonly string[] => {
  const { incident, decisions, terminal } = record;
  return [
    incident.alarmName,
    String(decisions.length),
    saw ?? "-",
    decisions.map(proposedBy).join(" > ") || "-",
    [...new Set(decisions.flatMap(refusedBy))].join("; ") || "-",
    terminal,
  ];
};

const proposedBy = ({ candidates, choice, abstention }: DecisionRecord): string => {
  const chosen = choice === null ? undefined : candidates[choice.candidate];
  if (chosen === undefined) return `abstained (${abstention?.because.code ?? "no choice"})`;
  return named(chosen);
};

const refusedBy = ({ candidates }: DecisionRecord): readonly string[] =>
  candidates
    .filter(({ verdict }) => verdict !== "allowed")
    .map((candidate) => `${named(candidate)} (${candidate.because?.code ?? candidate.verdict})`);

const named = ({ runbook, target }: Readonly<{ runbook: string; target: string | null }>): string =>
  target === null ? runbook : `${runbook} ${target.split(/[:/]/).at(-1) ?? target}`;
