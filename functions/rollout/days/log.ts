import { type AutonomySettings, autonomyOf, type CellState, earningCells } from "../../core/autonomy.ts";
import { type AutonomyEvent, autonomyEvents } from "../../core/autonomy-evidence.ts";
import type { Actor } from "../../core/autonomy-item.ts";
import { type Behaviour, type EpisodeRow, rowOf } from "../../core/episode.ts";
import type { TrackRecord } from "../../core/ports.ts";
import type { Catalogue } from "../../core/runbook.ts";
import { type PastRun, pastRunOf, TRACK_RECORD_DAYS } from "../../core/track-record.ts";
import { faultNamed } from "../../world/faults/all-faults.ts";
import { type Judged, type PolicyOf, playDay } from "./day.ts";
import type { Days } from "./days.ts";
import { finishedDay } from "./finished-day.ts";

const DAY_MS = 24 * 3_600_000;
/** No decision looks back on an older day: what comes of a day is known after two more at the latest. */
export const KEPT_DAYS: number = TRACK_RECORD_DAYS + 2;

/** Who decides in a log, and on what worlds. */
export type Log = Readonly<{
  /** Names the days: `day-NAME-INDEX` is a cluster. */
  name: string;
  worldHash: string;
  days: Days;
  behaviour: Behaviour;
  /** Whoever decides on one day. */
  policyOn: (day: ReturnType<Days>) => PolicyOf;
  /** Whether the truth of each action is found out: it takes a quarter of the time. */
  judge: boolean;
  /**
   * What a runbook has to show in this stream before it acts alone in it; left out, every day asks as on the first. The
   * simulated world counts as the account here, and only here.
   */
  autonomy?: AutonomySettings;
}>;

/** As every service of a simulated system has it. */
const ENVIRONMENTS = ["production"];

/** What only the simulator knows of one day, by decision. It shares `decision_id` with a row and nothing else. */
type DayTruth = Readonly<{
  decision_id: string;
  faults: readonly string[];
  families: readonly string[];
  /** What the action of this decision did, forked with its absence; null where none was started, or nobody asked. */
  ran: Omit<Judged, "decisionId"> | null;
}>;

/** One day of a log, with what came of its decisions in the end. */
export type LoggedDay = Readonly<{ index: number; rows: readonly EpisodeRow[]; truth: readonly DayTruth[] }>;

/**
 * The stream's own record of what its runbooks did, for decisions of later days. It keeps what a decision may look back on
 * and no more, so that a stream of any length takes the same memory.
 */
const growingTrackRecord = (known: readonly PastRun[]) => {
  let runs = [...known];
  const trackRecord: TrackRecord = {
    since: async (fromMs, untilMs) =>
      runs.filter(({ maturedAtMs, decidedAtMs }) => decidedAtMs >= fromMs && maturedAtMs < untilMs),
  };
  const add = (rows: readonly EpisodeRow[]): void => {
    const added = rows.map(pastRunOf).filter((run) => run !== null);
    const newestMs = Math.max(...added.map(({ decidedAtMs }) => decidedAtMs));
    const oldestMs = newestMs - KEPT_DAYS * DAY_MS;
    runs = [...runs.filter(({ decidedAtMs }) => !(decidedAtMs < oldestMs)), ...added];
  };
  return { trackRecord, add };
};

/** The stream's own evidence for and against letting its runbooks act alone: all of it, however long the stream. */
const growingAutonomy = (settings: AutonomySettings | undefined, known: readonly AutonomyEvent[]) => {
  const events = [...known];
  const before = (catalogue: Catalogue, nowMs: number, acting: Actor): readonly CellState[] =>
    settings === undefined
      ? []
      : autonomyOf(events, earningCells(catalogue, ENVIRONMENTS), settings, nowMs, undefined, acting);
  return { before, learn: (rows: readonly EpisodeRow[]) => void events.push(...autonomyEvents(rows)) };
};

/**
 * Plays the days of a log one after the other: each may look back on those before it, as far as they have matured.
 * @param known the runs of the last days, and all that is known for and against letting runbooks act alone
 */
export const playLog = async function* (
  log: Log,
  { fromIndex, toIndex }: Readonly<{ fromIndex: number; toIndex: number }>,
  known: Readonly<{ runs: readonly PastRun[]; autonomy: readonly AutonomyEvent[] }>,
): AsyncGenerator<LoggedDay> {
  const { trackRecord, add } = growingTrackRecord(known.runs);
  const { before, learn } = growingAutonomy(log.autonomy, known.autonomy);
  for (let index = fromIndex; index < toIndex; index += 1) {
    const day = log.days(index);
    const autonomy = (acting: Actor) => before(day.catalogue, day.scenario.clockStartMs, acting);
    const played = await playDay({ ...day, policy: log.policyOn(day), trackRecord, autonomy, judge: log.judge });
    const rows = finishedDay(played, { clusterId: clusterOf(log.name, index), worldHash: log.worldHash })
      .map((row) => rowOf(row, log.behaviour))
      .toSorted((one, other) => one.decided_at - other.decided_at);
    add(rows);
    learn(rows);
    const { faults } = day.scenario;
    const ran = new Map(played.judged.map(({ decisionId, ...truth }) => [decisionId, truth]));
    const truth = rows.map(({ decision_id }) => ({
      decision_id,
      faults: faults.map(({ fault }) => fault),
      families: faults.map(({ fault }) => faultNamed(fault)?.family ?? "none"),
      ran: ran.get(decision_id) ?? null,
    }));
    yield { index, rows, truth };
  }
};

/** All rows of a day belong together: what happens on it hangs together. */
const clusterOf = (name: string, index: number): string => `day-${name}-${String(index).padStart(6, "0")}`;
