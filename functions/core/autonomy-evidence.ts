import type { EpisodeRow } from "./episode.ts";
import { CANDIDATE_FEATURES } from "./features.ts";

/** Where a runbook may earn to act alone: on its own, in the environment as its service calls it. */
export type Cell = Readonly<{ runbook: string; environment: string }>;

/** Text that names a cell: an environment may hold anything, an id holds no slash. */
export const cellKey = ({ runbook, environment }: Cell): string => `${runbook}/${environment}`;

/**
 * One thing that became known of a cell, and when, ms since the epoch.
 * - trial: what came of the runbook in one cluster of incidents, and whether people vetoed it there; the worst counts.
 * - confirmed: a run that was seen to make things worse, known as soon as it had ended.
 * - waited: nothing ran though these runbooks might have; whether the alarm recovered by itself within the horizon.
 */
export type AutonomyEvent =
  | (Cell &
      Readonly<{
        kind: "trial";
        atMs: number;
        cluster: string;
        /** Of the model that chose last; "" where none did. */
        modelHash: string;
        ran: boolean;
        vetoed: boolean;
        harmed: boolean;
        recovered: boolean;
      }>)
  | (Cell & Readonly<{ kind: "confirmed"; atMs: number; cluster: string; decisionId: string }>)
  | Readonly<{
      kind: "waited";
      atMs: number;
      cluster: string;
      environment: string;
      runbooks: readonly string[];
      recovered: boolean;
    }>;

const MINUTE_MS = 60_000;
/** A wait is judged after this time, as the learner's P(recover) is; whatever ran so close to it hides what it did. */
const HORIZON_MS = 30 * MINUTE_MS;
/** What was decided so long ago and is not settled is unknown: 8 hours of watching and 24 more in which it may reopen. */
const OVERDUE_MS = 32 * 60 * MINUTE_MS;

const WIDTH = CANDIDATE_FEATURES.length;
const EFFECT = CANDIDATE_FEATURES.indexOf("effect");
const WAITS = CANDIDATE_FEATURES.indexOf("waits");

const holds = ({ candidates }: EpisodeRow, index: number, feature: number): boolean =>
  index >= 0 && candidates[index * WIDTH + feature] === 1;
const ran = (row: EpisodeRow): boolean => row.exit_status !== "none" && row.executed_runbook !== "";
const endedAtMs = (row: EpisodeRow): number => row.decided_at + row.elapsed_minutes * MINUTE_MS;
const knownAtMs = (row: EpisodeRow): number => row.matured_at ?? row.decided_at + OVERDUE_MS;

const harmed = (row: EpisodeRow): boolean =>
  row.matured_at === null || row.harm !== "none" || row.undone || row.exit_status === "unknown";

/** That it had recovered before anybody answered says nothing against the runbook; every other objection does. */
const MERELY_RECOVERED = /^\s*(it\s+|the alarm\s+)?((has|had|is|was)\s+)?already[\s-]+recovered\W*$/i;
const VETOES: readonly EpisodeRow["human_response"][] = ["rejected", "took_over", "chose_other"];

/** The runbook whose proposal people turned down, or null. */
const vetoedIn = (row: EpisodeRow): string | null => {
  if (!VETOES.includes(row.human_response) || MERELY_RECOVERED.test(row.human_reason)) return null;
  return holds(row, row.proposed, EFFECT) ? (row.runbook_id[row.proposed] ?? null) : null;
};

/**
 * What the rows of an account's own decisions say for and against each cell, in the order in which it became known. Rows in
 * any order, of every decision its newest version counts; all rows of a cluster must be among them. What people on call did
 * by themselves, and what was only observed, is no evidence of what Quell's proposals do. A run that is not settled in 32
 * hours counts as unknown, and so as harm.
 */
export const autonomyEvents = (rows: readonly EpisodeRow[]): readonly AutonomyEvent[] =>
  [...Map.groupBy(newest(rows).filter(isOwn), ({ cluster_id }) => cluster_id).values()]
    .map((cluster) => cluster.toSorted(byTime))
    .flatMap((cluster) => [...trialsOf(cluster), ...confirmedIn(cluster), ...waitsOf(cluster)])
    .toSorted(byKnown);

const isOwn = ({ source, stage }: EpisodeRow): boolean => source === "agent" && stage !== "shadow";

const newest = (rows: readonly EpisodeRow[]): readonly EpisodeRow[] => {
  const kept = new Map<string, EpisodeRow>();
  for (const row of rows)
    if (row.row_version >= (kept.get(row.decision_id)?.row_version ?? 0)) kept.set(row.decision_id, row);
  return [...kept.values()];
};

const byTime = (one: EpisodeRow, other: EpisodeRow): number =>
  one.decided_at - other.decided_at || (one.decision_id < other.decision_id ? -1 : 1);

/** Bad news first, where two things are known at once. */
const RANK: Readonly<Record<AutonomyEvent["kind"], number>> = { confirmed: 0, trial: 1, waited: 2 };

/** The order in which events are counted. */
export const byKnown = (one: AutonomyEvent, other: AutonomyEvent): number =>
  one.atMs - other.atMs || RANK[one.kind] - RANK[other.kind] || (one.cluster < other.cluster ? -1 : 1);

/** A run of a runbook, or people's veto of it. */
type Part = Cell & Readonly<{ row: EpisodeRow; vetoed: boolean }>;

const trialsOf = (cluster: readonly EpisodeRow[]): readonly AutonomyEvent[] => {
  const parts = cluster.flatMap((row): readonly Part[] => {
    const { environment } = row;
    if (ran(row)) return [{ runbook: row.executed_runbook, environment, row, vetoed: false }];
    const runbook = vetoedIn(row);
    return runbook === null ? [] : [{ runbook, environment, row, vetoed: true }];
  });
  return [...Map.groupBy(parts, cellKey).values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const all = [first, ...others];
    const runs = all.filter(({ vetoed }) => !vetoed);
    return {
      kind: "trial",
      runbook: first.runbook,
      environment: first.environment,
      atMs: Math.max(...all.map(({ row }) => knownAtMs(row))),
      cluster: first.row.cluster_id,
      modelHash: all.at(-1)?.row.model_hash ?? "",
      ran: runs.length > 0,
      vetoed: runs.length < all.length,
      harmed: all.some(({ row, vetoed }) => vetoed || harmed(row)),
      recovered: runs.length > 0 && runs.every(({ row }) => row.recovered),
    };
  });
};

const confirmedIn = (cluster: readonly EpisodeRow[]): readonly AutonomyEvent[] =>
  cluster
    .filter((row) => ran(row) && row.harm === "confirmed")
    .map((row) => ({
      kind: "confirmed",
      runbook: row.executed_runbook,
      environment: row.environment,
      atMs: endedAtMs(row),
      cluster: row.cluster_id,
      decisionId: row.decision_id,
    }));

/**
 * The first wait of a cluster at which a runbook might have run, for each runbook. One next to a run within the horizon is
 * left out: nobody knows which of the two it was. That takes away waits that did not heal soon, and so makes waiting look
 * better than it is, never worse.
 */
const waitsOf = (cluster: readonly EpisodeRow[]): readonly AutonomyEvent[] => {
  const ranAtMs = cluster.filter(ran).map(({ decided_at }) => decided_at);
  const seen = new Set<string>();
  return cluster.filter(isWait).flatMap((row) => {
    const runbooks = allowedEffects(row).filter((runbook) => !seen.has(runbook));
    for (const runbook of runbooks) seen.add(runbook);
    if (runbooks.length === 0 || ranAtMs.some((atMs) => Math.abs(atMs - row.decided_at) <= HORIZON_MS)) return [];
    const { cluster_id, environment } = row;
    const recovered = cluster.some((later) => heals(row, later));
    return { kind: "waited", atMs: knownAtMs(row), cluster: cluster_id, environment, runbooks, recovered };
  });
};

/** Nothing ran, and nobody who turned a plan down may have done something else instead. */
const isWait = (row: EpisodeRow): boolean =>
  !ran(row) && !VETOES.includes(row.human_response) && holds(row, row.executed, WAITS);

const allowedEffects = (row: EpisodeRow): readonly string[] => [
  ...new Set(row.runbook_id.filter((_, index) => row.allowed[index] === true && holds(row, index, EFFECT))),
];

/** Whether this wait's incident ended by itself within the horizon, at it or at a later decision. */
const heals = (wait: EpisodeRow, later: EpisodeRow): boolean =>
  later.incident_id === wait.incident_id &&
  later.decided_at >= wait.decided_at &&
  later.end === "recovered" &&
  later.recovered_by === "self" &&
  endedAtMs(later) <= wait.decided_at + HORIZON_MS;
