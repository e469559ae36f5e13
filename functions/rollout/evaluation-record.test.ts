import assert from "node:assert/strict";
import { test } from "node:test";
import type { EpisodeRow } from "../core/episode.ts";
import { WORLD_START_MS } from "../world/types.ts";
import { REMEMBERED_DAYS, recordBefore, runsOfFirstDays } from "./evaluation-record.ts";

const DAY_MS = 24 * 60 * 60_000;
const EVER = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** A run on a day of the log that had matured two days later. */
const ranOn = (day: number, changes: Partial<EpisodeRow> = {}): EpisodeRow => {
  const decided_at = WORLD_START_MS + day * DAY_MS + 5;
  const state: readonly number[] = [];
  const row = { decision_id: `${day}/0`, row_version: 0, incident_id: `${day}`, decided_at, state };
  const ran = { exit_status: "succeeded", matured_at: decided_at + 2 * DAY_MS, harm: "none", executed_runbook: "a" };
  return { ...row, ...ran, recovered: true, recovered_by: "action", ...changes } as unknown as EpisodeRow;
};

const idsOf = (rows: readonly EpisodeRow[]) => runsOfFirstDays(rows).map(({ incidentId }) => incidentId);

test("what ran on the first two hundred days is remembered, and nothing that came after", () => {
  const rows = [0, 1, REMEMBERED_DAYS - 1, REMEMBERED_DAYS, 500].map((day) => ranOn(day));

  assert.deepEqual(idsOf(rows), ["0", "1", "199"]);
});

test("of a decision the newest row counts, in any order of the rows", () => {
  const early = ranOn(3, { matured_at: null });
  const late = ranOn(3, { row_version: 1 });

  assert.deepEqual([idsOf([early]), idsOf([early, late]), idsOf([late, early])], [[], ["3"], ["3"]]);
});

test("the log's last remembered day becomes the day before the one that is judged", async () => {
  const startMs = WORLD_START_MS + 7 * DAY_MS;
  const runs = runsOfFirstDays([ranOn(0), ranOn(REMEMBERED_DAYS - 1)]);

  const moved = await recordBefore(runs, startMs).since(...EVER);

  assert.deepEqual(
    moved.map(({ decidedAtMs, maturedAtMs }) => [decidedAtMs - startMs, maturedAtMs - startMs]),
    [
      [-200 * DAY_MS + 5, -198 * DAY_MS + 5],
      [-DAY_MS + 5, DAY_MS + 5],
    ],
  );
});

test("a record is asked for a span of time: its beginning belongs to it, its end does not", async () => {
  const startMs = WORLD_START_MS;
  const runs = runsOfFirstDays([ranOn(197), ranOn(198), ranOn(199)]);
  const [first = 0, , third = 0] = (await recordBefore(runs, startMs).since(...EVER)).map((run) => run.decidedAtMs);

  const within = await recordBefore(runs, startMs).since(first, third);

  assert.deepEqual(
    within.map(({ incidentId }) => incidentId),
    ["197", "198"],
  );
});
