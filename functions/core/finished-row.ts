import type { EpisodeRow } from "./episode.ts";
import { CANDIDATE_FEATURES } from "./features.ts";
import { REWARD_WEIGHTS } from "./reward.ts";

/** What is known of an incident only later: how it hangs together with others, and whether it came back within a day. */
export type Late = Readonly<{
  /** What is drawn and weighed as one: incidents of different clusters share no cause. */
  clusterId: string;
  /** Of the simulated world; "" where there is none. */
  worldHash: string;
  /** Whether it reopened within 24 hours of its end; null where that is not known yet. */
  reopened: boolean | null;
  /** Since when nothing of it can change any more, ms since the epoch; null where something still can. */
  maturedAtMs: number | null;
}>;

/**
 * The rows of one incident, in any order, with what became of it later: each the next version of its own. A reopen is
 * charged to the last effect that was executed, and to nothing where there was none.
 */
export const finishedRows = (rows: readonly EpisodeRow[], late: Late): readonly EpisodeRow[] => {
  const last = Math.max(...rows.filter(executesEffect).map(({ step }) => step));
  return rows.map((row) => ({
    ...row,
    row_version: row.row_version + 1,
    cluster_id: late.clusterId,
    world_hash: late.worldHash,
    cost_recurrence: late.reopened === true && row.step === last ? REWARD_WEIGHTS.recurrenceHours : 0,
    reopened_24h: late.reopened,
    matured_at: late.maturedAtMs,
  }));
};

const EFFECT = CANDIDATE_FEATURES.indexOf("effect");

/** Whether what was executed touched a resource; outside the list of candidates, whether anything ran. */
const executesEffect = ({ candidates, executed, exit_status }: EpisodeRow): boolean =>
  executed < 0 ? exit_status !== "none" : candidates[executed * CANDIDATE_FEATURES.length + EFFECT] === 1;
