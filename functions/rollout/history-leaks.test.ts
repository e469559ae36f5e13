import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readEpisodes } from "../adapters/parquet/read-episodes.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { CANDIDATE_FEATURES } from "../core/features.ts";
import { POLICIES } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
import { trainDays } from "./days/days.ts";
import { historyLeaks } from "./history-leaks.ts";
import { simulate } from "./simulation.ts";

const folder = mkdtempSync(join(tmpdir(), "quell-leaks-"));
await simulate(
  {
    ...{ name: "test", worldHash: "a-world", days: trainDays(5, { confounding: "mild", broken: 0 }) },
    ...{ behaviour: { source: "agent" }, judge: false, policyOn: () => () => POLICIES.rules as Scorer },
  },
  folder,
  50,
  { seed: 5 },
  () => {},
  20,
);
const PARTS = await Promise.all([0, 1, 2].map((part) => readEpisodes(join(folder, `part-0000${part}.parquet`))));

const leaksOf = (parts: readonly (readonly EpisodeRow[])[]) => {
  const leaks = historyLeaks();
  for (const rows of parts) leaks.take(rows);
  return leaks.found();
};

test("a log that looks back on what had matured has no leak, over parts as well", () => {
  const { rows, differing, example } = leaksOf(PARTS);

  assert.deepEqual([rows, differing, example], [PARTS.flat().length, 0, ""]);
  const runs = CANDIDATE_FEATURES.indexOf("runs");
  assert.ok(PARTS[2]?.some(({ candidates }) => (candidates[runs] ?? 0) > 0));
});

test("a planted leak is found by its row: any one history feature that knows more than earlier rows", () => {
  const names = ["runs", "helped", "harmed", "classRuns", "classHelped"];
  for (const [place, name] of names.entries()) {
    const rows = PARTS.flat();
    const at = Math.min(rows.length - 1, 7 * (place + 1));
    const feature = CANDIDATE_FEATURES.indexOf(name);
    const planted = rows.map((row, index) =>
      index === at
        ? { ...row, candidates: row.candidates.map((value, i) => (i === feature ? value + 0.01 : value)) }
        : row,
    );

    assert.deepEqual(leaksOf([planted]), { rows: rows.length, differing: 1, example: rows[at]?.decision_id }, name);
  }
});

test("a log that looks into its own future differs from the first run on that it knows too early", () => {
  const rows = PARTS.flat().map((row) => ({ ...row, matured_at: row.matured_at === null ? null : row.decided_at - 1 }));

  assert.ok(leaksOf([rows]).differing > 0);
});

test("a record that could not be read says so and tells of no run", () => {
  const missing = CANDIDATE_FEATURES.indexOf("trackRecordMissing");
  const row = PARTS.flat()[0] ?? assert.fail();
  const width = CANDIDATE_FEATURES.length;
  const unread = { ...row, candidates: row.candidates.map((value, i) => (i % width === missing ? 1 : value)) };

  assert.deepEqual(leaksOf([[unread]]).differing, 0);
});
