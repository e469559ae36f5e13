import type { EpisodeRow } from "../../core/episode.ts";
import { finishedRows, type Late } from "../../core/finished-row.ts";
import type { Incident } from "../../core/incident.ts";
import type { Day } from "./day.ts";
import { discountedCost } from "./measure.ts";

/** What comes of a decision is known a day after its incident has closed: until then it may reopen. */
const MATURES_AFTER_MS = 24 * 3_600_000;

/**
 * The rows of a day with what became of its incidents later, incident by incident.
 * @param of names the cluster and the world; nothing that is counted depends on them
 */
export const finishedDay = (
  { rows, incidents }: Pick<Day, "rows" | "incidents">,
  of: Pick<Late, "clusterId" | "worldHash"> = { clusterId: "", worldHash: "" },
): readonly EpisodeRow[] =>
  incidents.flatMap((incident) => {
    const own = rows.filter(({ incident_id }) => incident_id === incident.id);
    return finishedRows(own, { ...of, ...becameOf(incident, incidents) });
  });

/** An incident reopened where one of its alarms opened another one within a day of its end. */
const becameOf = ({ closedAtMs, keys }: Incident, all: readonly Incident[]): Pick<Late, "reopened" | "maturedAtMs"> => {
  if (closedAtMs === null) return { reopened: null, maturedAtMs: null };
  const maturedAtMs = closedAtMs + MATURES_AFTER_MS;
  const reopened = all.some(
    (other) =>
      other.openedAtMs > closedAtMs && other.openedAtMs <= maturedAtMs && other.keys.some((key) => keys.includes(key)),
  );
  return { reopened, maturedAtMs };
};

/** What a day's decisions cost by kind, in hours of severity-1 impact, discounted; together they are its hours. */
export type Costs = Readonly<Record<keyof typeof COLUMNS, number>>;

const COLUMNS = {
  impact: "impact_discounted",
  handover: "handover_impact",
  action: "cost_action",
  harm: "cost_harm",
  recurrence: "cost_recurrence",
} as const;
const FREE = { impact_discounted: 0, handover_impact: 0, cost_action: 0, cost_harm: 0, cost_recurrence: 0 };

/** The parts of the discounted cost of these rows: with them, another weighting is arithmetic. */
export const costsOf = (rows: readonly EpisodeRow[]): Costs => {
  const only = (column: (typeof COLUMNS)[keyof typeof COLUMNS]): number =>
    discountedCost(rows.map((row) => ({ ...row, ...FREE, [column]: row[column] })));
  return {
    impact: only(COLUMNS.impact),
    handover: only(COLUMNS.handover),
    action: only(COLUMNS.action),
    harm: only(COLUMNS.harm),
    recurrence: only(COLUMNS.recurrence),
  };
};
