import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pairFolder } from "../adapters/onnx/model.fixture.ts";
import { readEpisodes, readScored } from "../adapters/parquet/read-episodes.ts";
import { writeEpisodes } from "../adapters/parquet/write-episodes.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { POLICIES, TIE } from "../core/policies.ts";
import { hearing, newFolder } from "./gate.fixture.ts";
import { quell } from "./quell.ts";
import { score } from "./score.ts";
import { targetPolicy } from "./score-policy.ts";

const EPSILON = 0.15;

const said = async (...args: readonly string[]) => {
  const { heard, screen } = hearing();
  const code = await quell(args, screen);
  return { code, ...heard };
};
const partOf = (folder: string): string => join(folder, "part-00000.parquet");

/** Days that the rules decided upon, exploring. */
const LOG = newFolder();
await said(
  ...["simulate", "--incidents", "24", "--seed", "11", "--behaviour", "agent", "--epsilon", `${EPSILON}`],
  ...["--no-truth", "--out", LOG],
);
const ROWS = await readEpisodes(partOf(LOG));

/** The log with some of its rows changed, as somebody else would have written it: there is no list. */
const changed = (change: (row: EpisodeRow, index: number) => readonly EpisodeRow[]): string => {
  const folder = newFolder();
  writeEpisodes(partOf(folder), ROWS.flatMap(change));
  return folder;
};
const only = (row: EpisodeRow, changes: Partial<EpisodeRow>): EpisodeRow => ({ ...row, ...changes });

test("of the policy that logged, with the draw that it had, the target probability is the logged one, exactly", async () => {
  const out = newFolder();

  const { code } = await said("score", "--policy", "rules", "--epsilon", "0.15", "--episodes", LOG, "--out", out);

  const scored = await readScored(partOf(out));
  assert.equal(code, 0);
  assert.deepEqual(
    scored.map(({ target_prob }) => target_prob),
    ROWS.map(({ probability }) => probability),
  );
  assert.ok(scored.some(({ target_prob }) => target_prob?.some((one) => one > 0 && one < 1)));
});

test("every other column is what it was, whoever is scored, and each policy is one choice a decision", async () => {
  for (const policy of ["rules", "drafter", "page"]) {
    const out = newFolder();

    await said("score", "--policy", policy, "--episodes", LOG, "--out", out);

    const scored = await readScored(partOf(out));
    assert.deepEqual(
      scored.map(({ target_prob: _, ...row }) => row),
      ROWS,
    );
    assert.ok(scored.every(({ target_prob }) => target_prob?.filter((one) => one === 1).length === 1));
  }
});

test("uniform spreads over what was allowed, and page is certain wherever it is allowed", async () => {
  const [spread, paged] = [newFolder(), newFolder()];
  await said("score", "--policy", "uniform", "--episodes", LOG, "--out", spread);
  await said("score", "--policy", "page", "--episodes", LOG, "--out", paged);

  for (const { target_prob, allowed } of await readScored(partOf(spread)))
    assert.deepEqual(
      target_prob,
      allowed.map((may) => (may ? 1 / allowed.filter(Boolean).length : 0)),
    );
  for (const { target_prob, runbook_id } of await readScored(partOf(paged)))
    assert.equal(target_prob?.indexOf(1), runbook_id.indexOf("page"));
});

test("of each decision the newest row counts, wherever it lies", async () => {
  const folder = changed((row, index) => (index % 3 === 0 ? [only(row, { row_version: 0 })] : [row]));
  const late = ROWS.filter((_, index) => index % 3 === 0).map((row) => only(row, { row_version: 7, service: "late" }));
  writeEpisodes(join(folder, "part-00001.parquet"), late);
  const out = newFolder();

  const { out: report } = await said("score", "--policy", "rules", "--episodes", folder, "--out", out, "--json");

  const scored = (await Promise.all([0, 1].map((part) => readScored(join(out, `part-0000${part}.parquet`))))).flat();
  assert.equal(JSON.parse(report).rows, ROWS.length);
  assert.equal(new Set(scored.map(({ decision_id }) => decision_id)).size, scored.length);
  assert.equal(scored.filter(({ service }) => service === "late").length, late.length);
});

test("a candidate that the catalogue no longer knows is counted and named, and nobody guesses what it was", async () => {
  const gone = (row: EpisodeRow): EpisodeRow => {
    const at = row.allowed.indexOf(true);
    const rename = (keys: readonly string[], name: string) => keys.map((key, i) => (i === at ? name : key));
    return only(row, {
      candidate_key: rename(row.candidate_key, "reticulate@9#00"),
      runbook_id: rename(row.runbook_id, "reticulate"),
    });
  };
  const folder = changed((row, index) => [index < 2 ? gone(row) : row]);
  const out = newFolder();

  const spoken = await said("score", "--policy", "rules", "--episodes", folder, "--out", out);
  const { out: report } = await said("score", "--policy", "rules", "--episodes", folder, "--out", out, "--json");

  assert.equal(spoken.code, 1);
  assert.match(spoken.out, /2 were not replayed, the catalogue no longer knows their candidates \(reticulate@9#00\)/);
  const { unknown, unknownKeys, rows } = JSON.parse(report);
  assert.deepEqual([unknown, unknownKeys, rows], [2, ["reticulate@9#00"], ROWS.length]);
  const scored = await readScored(partOf(out));
  assert.deepEqual(
    scored.map(({ target_prob }) => target_prob === null),
    ROWS.map((_, index) => index < 2),
  );
});

test("what was refused because nobody knew it stays refused, with probability 0", async () => {
  const refused = ROWS.findIndex(({ allowed }) => allowed.includes(false));
  const folder = changed((row, index) => {
    if (index !== refused) return [row];
    const at = row.allowed.indexOf(false);
    const rename = (names: readonly string[], name: string) => names.map((one, i) => (i === at ? name : one));
    return [
      only(row, {
        candidate_key: rename(row.candidate_key, "restart-everything@1#00"),
        runbook_id: rename(row.runbook_id, "restart-everything"),
        refused_because: rename(row.refused_because, "unknown-runbook"),
      }),
    ];
  });
  const out = newFolder();

  const { code } = await said("score", "--policy", "uniform", "--episodes", folder, "--out", out);

  assert.equal(code, 0);
  const row = (await readScored(partOf(out)))[refused];
  assert.ok(row?.allowed.every((may, at) => may || row.target_prob?.[at] === 0));
});

test("a second run writes nothing again, and what somebody changed in between is written again", async () => {
  const out = newFolder();
  const run = () => said("score", "--policy", "drafter", "--episodes", LOG, "--out", out, "--json");
  const first = await run();
  const before = readFileSync(partOf(out));
  const longAgo = new Date(0);
  utimesSync(partOf(out), longAgo, longAgo);

  const again = await run();
  const untouched = statSync(partOf(out)).mtimeMs;
  appendFileSync(partOf(out), "x");
  const third = await run();

  assert.equal(untouched, 0);
  assert.deepEqual(readFileSync(partOf(out)), before);
  assert.deepEqual([again.out, third.out], [first.out, first.out]);
});

test("another policy, or other rows, never leave a row of the one before", async () => {
  const out = newFolder();
  await said("score", "--policy", "drafter", "--episodes", LOG, "--out", out);
  await said("score", "--policy", "page", "--episodes", LOG, "--out", out);
  const fresh = newFolder();
  await said("score", "--policy", "page", "--episodes", LOG, "--out", fresh);
  assert.deepEqual(readFileSync(partOf(out)), readFileSync(partOf(fresh)));

  const shorter = changed((row, index) => (index < 5 ? [row] : []));
  copyFileSync(partOf(out), join(out, "part-00009.parquet"));
  await said("score", "--policy", "page", "--episodes", shorter, "--out", out);

  assert.equal((await readScored(partOf(out))).length, 5);
  assert.deepEqual(readdirSync(out).sort(), ["part-00000.parquet", "scored.json"]);
});

test("where no folder is named, the rows lie in the log's own, under the policy's name, and the log is still one", async () => {
  const folder = changed((row) => [row]);

  const { out } = await said("score", "--policy", "rules", "--episodes", folder);

  assert.match(out, new RegExp(`^${join(folder, "scored", "rules")}: ${ROWS.length} decisions in 1 files; rules `));
  assert.equal((await readScored(partOf(join(folder, "scored", "rules")))).length, ROWS.length);
  assert.equal((await said("score", "--policy", "rules", "--episodes", folder)).code, 0);
});

test("a scored log can be scored again: what another policy would have done is no part of it", async () => {
  const [once, twice] = [newFolder(), newFolder()];
  await said("score", "--policy", "drafter", "--episodes", LOG, "--out", once);

  await said("score", "--policy", "page", "--episodes", once, "--out", twice);

  const fresh = newFolder();
  await said("score", "--policy", "page", "--episodes", LOG, "--out", fresh);
  assert.deepEqual(readFileSync(partOf(twice)), readFileSync(partOf(fresh)));
});

test("a scorer that fails abstains to a page, as it would have where it was deployed, and that is counted", async () => {
  const out = newFolder();
  const { heard, screen } = hearing();
  const failing = {
    ...{ policy: "broken", modelHash: "", draw: "best" as const },
    score: async () => assert.fail("the model is gone"),
  };

  const code = await score({ policy: "rules", episodes: LOG, out, epsilon: "0", json: true }, screen, async () => ({
    name: "broken",
    scorer: failing,
    hash: "0",
    close: async () => {},
  }));

  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(heard.out).abstained, { "no-model": ROWS.length });
  for (const { target_prob, runbook_id } of await readScored(partOf(out)))
    assert.equal(target_prob?.indexOf(1), runbook_id.indexOf("page"));
});

test("who explores draws from those that tie; who draws evenly already does not explore", async () => {
  const [rules, uniform] = await Promise.all(["rules", "uniform"].map((name) => targetPolicy(name, 0.2)));

  assert.deepEqual(rules?.scorer.draw, { epsilon: 0.2, delta: TIE });
  assert.equal(uniform?.scorer.draw, "uniform");
  assert.equal((await targetPolicy("rules", 0)).scorer, POLICIES.rules);
  assert.notEqual(rules?.hash, (await targetPolicy("rules", 0)).hash);
});

test("a learnt model that explores logs what it is scored with afterwards, exactly", async () => {
  const [model, log, out] = [pairFolder(), newFolder(), newFolder()];
  const exploring = ["--policy", model, "--epsilon", "0.3"];
  await said("simulate", "--incidents", "12", "--behaviour", "agent", ...exploring, "--no-truth", "--out", log);

  const { code } = await said("score", ...exploring, "--episodes", log, "--out", out);

  const scored = await readScored(partOf(out));
  assert.equal(code, 0);
  assert.ok(scored.length > 8 && scored.every(({ model_hash }) => model_hash !== ""));
  assert.deepEqual(
    scored.map(({ target_prob }) => target_prob),
    scored.map(({ probability }) => probability),
  );
});
