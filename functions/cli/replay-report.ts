import type { DecisionRecord, IncidentRecord } from "../core/record.ts";

/** One replayed incident; `saw` is the sentence of evidence that weighed most, null where nothing was seen. */
export type ReplayRow = Readonly<{ record: IncidentRecord; saw: string | null }>;

const HEADER = ["alarm", "decisions", "saw", "proposed", "refused", "terminal"] as const;

/** A table of what replayed incidents came to: plain text, columns aligned, one row an incident, a line end at its end. */
export const replayReport = (rows: readonly ReplayRow[]): string => {
  const table = [HEADER, ...rows.map(cellsOf)].map((cells) => cells.map(printable));
  const widths = HEADER.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  return table
    .map(
      (cells) =>
        `${cells
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
};

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

// A terminal shows 200 columns at best; the longest sentence worth reading in a table is shorter.
const LONGEST_CELL = 72;

/** Names and evidence are other people's words: no control character of theirs reaches a terminal. */
const printable = (text: string): string => {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return plain.length <= LONGEST_CELL ? plain : `${plain.slice(0, LONGEST_CELL - 3)}...`;
};
