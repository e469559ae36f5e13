import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import type { EpisodeRow } from "../../core/episode.ts";
import { COLUMNS, EPISODE_SCHEMA } from "./episode-columns.ts";
import { anyRow } from "./episode-row.fixture.ts";
import { BadEpisodes, readEpisodes } from "./read-episodes.ts";
import { writeEpisodes } from "./write-episodes.ts";

const folder = mkdtempSync(join(tmpdir(), "quell-parquet-"));
const fresh = (): string => join(mkdtempSync(join(folder, "one-")), "part-00000.parquet");

const rounded = (row: EpisodeRow): EpisodeRow => ({
  ...row,
  state: row.state.map(Math.fround),
  candidates: row.candidates.map(Math.fround),
});

/** One row with two candidates that keeps every rule. */
const row: EpisodeRow = {
  ...(fc.sample(anyRow, { numRuns: 1, seed: 1 })[0] as EpisodeRow),
  ...{ state: [0.1, 2], candidates: [1, 2, 3, 4], candidate_key: ["a@1#", "b@1#"], runbook_id: ["a", "b"] },
  ...{ drafted_by: ["rules", "always"], tier: [0, 1], consents: [0, 0], allowed: [true, false] },
  ...{ refused_because: ["", "cooldown"], tie_set: [true, false], probability: [1, 0], q: null },
  ...{ proposed: 0, executed: 0, source: "agent", stage: "auto" },
};

test("rows come back from a file as they went in, whatever they hold, but for the precision of a float32", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRow, { maxLength: 20 }), async (rows) => {
      const path = join(folder, "any.parquet");
      writeEpisodes(path, rows);

      const back = await readEpisodes(path);

      assert.deepEqual(back, rows.map(rounded));
    }),
  );
});

test("vectors are float32: what is read is what was logged, rounded once", async () => {
  const path = fresh();
  const vector = [0.1, Math.PI, 1e-30, 123456789];
  writeEpisodes(path, [{ ...row, state: vector }]);

  const [back] = await readEpisodes(path);

  assert.deepEqual(back?.state, vector.map(Math.fround));
});

test("thousands of rows keep their order over row groups and pages", async () => {
  const path = fresh();
  const rows = Array.from(
    { length: 3000 },
    (_, n): EpisodeRow => ({ ...row, incident_id: `quell-${n}`, decided_at: n }),
  );
  writeEpisodes(path, rows);

  const back = await readEpisodes(path);

  assert.deepEqual(back, rows.map(rounded));
});

test("the same rows are the same bytes, and the hash that is returned is that of the file", () => {
  const paths = [fresh(), fresh()];

  const written = paths.map((path) => writeEpisodes(path, [row, row]));

  const [bytes, others] = paths.map((path) => readFileSync(path));
  assert.ok(bytes !== undefined && others?.equals(bytes));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  assert.deepEqual(written[0], { bytes: bytes.byteLength, sha256 });
});

test("a file has its name only once it is whole; a failure leaves the older one, and nothing else", () => {
  const path = fresh();
  writeEpisodes(path, [row]);
  const before = readFileSync(path);

  assert.throws(() => writeEpisodes(path, [row, { ...row, decided_at: 0.5 }]));
  assert.throws(() => writeEpisodes(path, [{ ...row, severity: 2 ** 40 }]));

  assert.deepEqual(readFileSync(path), before);
  assert.deepEqual(readdirSync(join(path, "..")), ["part-00000.parquet"]);
});

test("a new file takes the name of the older one and never writes into it: who reads on reads the older one", () => {
  const path = fresh();
  writeEpisodes(path, [row]);
  const before = readFileSync(path);
  const reader = openSync(path, "r");

  writeEpisodes(path, [row, row]);

  const seen = readFileSync(reader);
  closeSync(reader);
  assert.deepEqual(seen, before);
  assert.notDeepEqual(readFileSync(path), before);
});

test("where the name cannot be taken, no half of a file is left beside it", () => {
  const path = fresh();
  mkdirSync(path);

  assert.throws(() => writeEpisodes(path, [row]), /EISDIR|ENOTEMPTY|EEXIST/);

  assert.deepEqual(readdirSync(join(path, "..")), ["part-00000.parquet"]);
});

const BROKEN: readonly (readonly [string, Partial<Record<keyof EpisodeRow, unknown>>, string])[] = [
  ["another schema", { schema_version: 2 }, "schema_version is 1 in every row"],
  ["an unknown source", { source: "robot" }, 'source is one of "oncall", "agent", "shadow"'],
  ["an unknown end", { end: "" }, "end is one of"],
  ["a tier too few", { tier: [0] }, "tier has one element for each of candidate_key"],
  ["a tie set too long", { tie_set: [true, false, false] }, "tie_set has one element for each of candidate_key"],
  ["a probability too few", { probability: [1] }, "probability has one element for each of candidate_key"],
  ["half a vector", { candidates: [1, 2, 3] }, "candidates has a vector for each of candidate_key"],
  ["no vectors", { candidates: [] }, "candidates has a vector for each of candidate_key"],
  ["a value too many", { q: [1, 2, 3] }, "q has a value for each of candidate_key and member"],
  ["a sum above 1", { probability: [1, 2e-9] }, "probability lies in 0..1 and sums to 1 within 1e-9"],
  ["a negative probability", { probability: [1.5, -0.5] }, "probability lies in 0..1 and sums to 1 within 1e-9"],
  ["an executed one that is not there", { executed: 2 }, "executed is the index of a candidate or -1"],
  ["an executed one below -1", { executed: -2 }, "executed is the index of a candidate or -1"],
  ["a proposed one that is not there", { proposed: 2 }, "proposed is the index of a candidate or -1"],
  ["a null in a list", { state: [1, null] }, "state is list<float>"],
];

for (const [name, changes, rule] of BROKEN)
  test(`a row with ${name} is refused by file, row and rule`, async () => {
    const path = fresh();
    writeEpisodes(path, [row, { ...row, ...changes } as EpisodeRow]);

    const reading = readEpisodes(path);

    await assert.rejects(reading, (error: unknown) => {
      assert.ok(error instanceof BadEpisodes);
      assert.ok(error.message.startsWith(`${path}: row 1: ${rule}`), error.message);
      return true;
    });
  });

/** A file of no rows with these columns, otherwise as episodes have them. */
const withSchema = (path: string, change: (schema: typeof EPISODE_SCHEMA) => typeof EPISODE_SCHEMA): void => {
  const columnData: ColumnSource[] = [];
  writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData, schema: [...change(EPISODE_SCHEMA)] })));
};

const sized = (change: typeof EPISODE_SCHEMA, by: number): typeof EPISODE_SCHEMA =>
  change.map((one, i) => (i === 0 ? { ...one, num_children: COLUMNS.length + by } : one));

test("a missing column, an unknown one and one of another type are refused by name", async () => {
  const cases = [
    [
      (all: typeof EPISODE_SCHEMA) =>
        sized(
          all.filter(({ name }) => name !== "step"),
          -1,
        ),
      "step is missing",
    ],
    [
      (all: typeof EPISODE_SCHEMA) =>
        sized([...all, { name: "reward", type: "DOUBLE", repetition_type: "REQUIRED" }], 1),
      "reward is not a column of an episode",
    ],
    [
      (all: typeof EPISODE_SCHEMA) =>
        all.map((one) => (one.name === "step" ? { ...one, type: "INT64" as const } : one)),
      "step is not int32",
    ],
    [
      (all: typeof EPISODE_SCHEMA) =>
        all.map((one, i) => (all[i - 2]?.name === "state" ? { ...one, type: "DOUBLE" as const } : one)),
      "state is not list<float>",
    ],
  ] as const;

  for (const [change, rule] of cases) {
    const path = fresh();
    withSchema(path, change);

    await assert.rejects(readEpisodes(path), new RegExp(`columns: ${rule}`));
  }
});

test("a file that was cut short, or is none, is refused with its name", async () => {
  const [cut, none] = [fresh(), fresh()];
  const { bytes } = writeEpisodes(cut, [row]);
  truncateSync(cut, bytes - 20);
  writeFileSync(none, "not a table");

  await assert.rejects(readEpisodes(cut), new RegExp(`${cut}: not a whole Parquet file`));
  await assert.rejects(readEpisodes(none), new RegExp(`${none}: not a whole Parquet file`));
});
