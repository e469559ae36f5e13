import type { DecisionRecord, IncidentRecord } from "../core/record.ts";
import { alignedRows, printable } from "./aligned.ts";

/** What one policy made of one recorded incident. */
export type Path = Readonly<{
  incident: string;
  alarm: string;
  decisions: readonly Proposed[];
  terminal: string;
}>;
/** What was proposed at a decision; runbook null where the policy abstained. `probability` of that proposal, 0..1. */
export type Proposed = Readonly<{
  step: number;
  runbook: string | null;
  target: string | null;
  probability: number | null;
  /** Why a person is asked, or why nothing was chosen; null where neither is so. */
  because: string | null;
}>;
export type Compared = Readonly<{ schema: 1; policies: Readonly<Record<string, readonly Path[]>> }>;

/**
 * Several policies over the same recordings, each on its own path: where one waits and another acts, what they see later
 * differs, so rows are compared decision by decision only as far as the paths agree.
 */
export const compared = (records: ReadonlyMap<string, readonly IncidentRecord[]>): Compared => ({
  schema: 1,
  policies: Object.fromEntries([...records].map(([policy, own]) => [policy, own.map(pathOf)])),
});

const pathOf = ({ incident, decisions, terminal }: IncidentRecord): Path => ({
  incident: incident.id,
  alarm: incident.alarmName,
  decisions: decisions.map(proposedIn),
  terminal,
});

const proposedIn = ({ step, candidates, choice, abstention }: DecisionRecord): Proposed => {
  const chosen = choice === null ? undefined : candidates[choice.candidate];
  return {
    step,
    runbook: chosen?.runbook ?? null,
    target: chosen?.target ?? null,
    probability: chosen?.probability ?? null,
    because: abstention?.because.code ?? choice?.asks?.code ?? null,
  };
};

/** The same as a table, one row an incident and policy, the policies of an incident below each other. */
export const comparedReport = ({ policies }: Compared): string => {
  const rows = Object.entries(policies).flatMap(([policy, paths]) =>
    paths.map(({ alarm, decisions, terminal }, place) => ({
      place,
      cells: [alarm, policy, String(decisions.length), decisions.map(told).join(" > ") || "-", terminal].map(printable),
    })),
  );
  const inOrder = rows.toSorted((a, b) => a.place - b.place).map(({ cells }) => cells);
  return alignedRows([["alarm", "policy", "decisions", "proposed", "terminal"], ...inOrder]);
};

const told = ({ runbook, target, probability, because }: Proposed): string => {
  if (runbook === null) return `abstained (${because ?? "no choice"})`;
  const where = target === null ? "" : ` ${target.split(/[:/]/).at(-1) ?? target}`;
  const asks = because === null ? "" : `, asks: ${because}`;
  return `${runbook}${where} (${probability?.toFixed(2) ?? "-"}${asks})`;
};
