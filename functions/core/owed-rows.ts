import type { Deed } from "./act.ts";
import { changeIncident, type Incident } from "./incident.ts";
import type { Ports } from "./ports.ts";

/**
 * What an incident knows of the rows of its decisions: until each has one, somebody looks after it. All of it is absent
 * of an incident that older code opened.
 */
export type OwedRows = Readonly<{
  /** The decisions whose row is written, by step. */
  rows?: readonly number[];
  /** What came of its last decision, as the execution told it when it ended the incident; null where it decided nothing. */
  came?: Readonly<{ step: number; deed: Deed }> | null;
  /** True once reconcile writes rows in the place of an execution: a row that one still writes is a newer version. */
  takenOver?: boolean;
}>;

/** Whether a decision of it may have no row yet. */
export const owesRows = ({ decided, rows }: Pick<Incident, "decided" | "rows">): boolean =>
  rows !== undefined && Array.from({ length: decided }, (_, step) => step).some((step) => !rows.includes(step));

/** Notes the decisions whose row is written. Repeating it changes nothing. */
export const noteRows = (ledger: Ports["ledger"], id: string, steps: readonly number[]): Promise<Incident> =>
  changeIncident(ledger, id, ({ rows = [], ...current }) =>
    steps.every((step) => rows.includes(step))
      ? undefined
      : { ...current, rows: [...new Set([...rows, ...steps])].toSorted((a, b) => a - b) },
  );
