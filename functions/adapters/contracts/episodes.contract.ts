import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EpisodeRow } from "../../core/episode.ts";
import type { Episodes } from "../../core/ports.ts";
import { anyRow } from "../parquet/episode-row.fixture.ts";
import { rowWith } from "./rows.fixture.ts";

/** Episodes to be judged, and a way to read every row that they hold. */
export type EpisodesUnderTest = Readonly<{ episodes: Episodes; rows: () => Promise<readonly EpisodeRow[]> }>;

const inOrder = (rows: readonly EpisodeRow[]): readonly EpisodeRow[] =>
  rows.toSorted((a, b) => a.step - b.step || a.row_version - b.row_version);

/** What every store of episodes promises. @param make a fresh one that holds no row */
export const episodesContract = (name: string, make: () => Promise<EpisodesUnderTest>): void => {
  test(`${name}: a decision keeps one row a version, the first that was appended; another version is another row`, async () => {
    const { episodes, rows } = await make();
    const [first, corrected, next] = [
      rowWith(),
      rowWith({ row_version: 1, matured_at: 1_790_100_000_000 }),
      rowWith({ decision_id: "quell-a/1", step: 1 }),
    ];

    for (const row of [first, { ...first, service: "changed" }, corrected, next, first]) await episodes.append(row);

    assert.deepEqual(inOrder(await rows()), [first, corrected, next]);
  });

  test(`${name}: of many who append one row at once, one does, and none is told that it failed`, async () => {
    const { episodes, rows } = await make();

    await Promise.all(Array.from({ length: 20 }, (_, who) => episodes.append(rowWith({ seed: String(who) }))));

    assert.equal((await rows()).length, 1);
  });

  test(`${name}: any row comes back as it was appended`, async () => {
    await fc.assert(
      fc.asyncProperty(anyRow, async (drawn) => {
        const { episodes, rows } = await make();
        // JSON has one zero.
        const row: EpisodeRow = JSON.parse(JSON.stringify({ ...drawn, decision_id: "quell-a/0", decided_at: 1 }));

        await episodes.append(row);

        assert.deepEqual(await rows(), [row]);
      }),
      { numRuns: 30 },
    );
  });
};
