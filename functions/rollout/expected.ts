import type { EpisodeRow } from "../core/episode.ts";
import { CANDIDATE_FEATURES } from "../core/features.ts";
import type { Scorer } from "../core/ports.ts";
import { replayChoose, vectorsOf } from "../core/replay-choose.ts";
import type { Catalogue } from "../core/runbook.ts";
import type { Estimate, Outlook, Score } from "../core/stages.ts";
import type { Judged } from "./days/day.ts";

/** What a model expected of one effect that ran, what was seen of it, and what it did in truth. */
export type Expectation = Readonly<{
  runbook: string;
  /** P(all is well within half an hour), of the effect and of waiting; null where nobody could wait. */
  recovers: Estimate;
  waits: Estimate | null;
  harms: Estimate;
  observed: Readonly<{ recovered: boolean; isHarmful: boolean }>;
  forked: Readonly<{ wellWithIt: boolean; wellWithout: boolean; isHarmful: boolean }>;
}>;

const WAITS = CANDIDATE_FEATURES.indexOf("waits");

/**
 * The expectations of a day's effects, in the order of its rows; those that the scorer has no outlook of are left out.
 * @param rows the newest version of each decision
 */
export const expectationsOf = async (
  rows: readonly EpisodeRow[],
  judged: readonly Judged[],
  catalogue: Catalogue,
  scorer: Scorer,
): Promise<readonly Expectation[]> => {
  const truths = new Map(judged.map((one) => [one.decisionId, one]));
  const found: Expectation[] = [];
  for (const row of rows) {
    const truth = truths.get(row.decision_id);
    if (truth === undefined) continue;
    const scores = await scoresAt(row, catalogue, scorer);
    const outlook = scores[row.executed]?.outlook;
    if (outlook === undefined) continue;
    const waits = scores[vectorsOf(row).findIndex((features) => features[WAITS] === 1)]?.outlook;
    found.push(expectationOf(row, truth, outlook, waits));
  }
  return found;
};

/** What the scorer says where the row was logged; nothing where it cannot. */
const scoresAt = async (row: EpisodeRow, catalogue: Catalogue, scorer: Scorer): Promise<readonly Score[]> => {
  let said: readonly Score[] = [];
  const listened: Scorer = {
    ...scorer,
    score: async (...scene) => {
      said = await scorer.score(...scene);
      return said;
    },
  };
  await replayChoose(row, catalogue, listened);
  return said;
};

const expectationOf = (row: EpisodeRow, truth: Judged, outlook: Outlook, waits: Outlook | undefined): Expectation => ({
  runbook: row.executed_runbook,
  recovers: outlook.recovers,
  waits: waits?.recovers ?? null,
  harms: outlook.harms,
  observed: { recovered: row.recovered, isHarmful: row.harm !== "none" },
  forked: { wellWithIt: truth.wellSoon.withIt, wellWithout: truth.wellSoon.without, isHarmful: truth.isHarmful },
});
