import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeEpisodes } from "../adapters/parquet/write-episodes.ts";
import { rowWith, WAITED } from "../core/autonomy.fixture.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { FEATURES_HASH } from "../core/features.ts";
import { actedAlone, gamedayAutonomy } from "./gameday-autonomy.ts";
import { quell } from "./quell.ts";

const said = async (...args: readonly string[]) => {
  const heard = { out: "", err: "" };
  const code = await quell(["gameday", "--incidents", "6", "--seed", "4", "--approve", "yes", ...args], {
    write: (text) => {
      heard.out += text;
    },
    writeError: (text) => {
      heard.err += text;
    },
    paint: (_format, text) => text,
    isLive: false,
    canAsk: false,
  });
  return { code, ...heard };
};

/** A log of an agent in which ecs-rollback has earned to act alone under this policy. */
const earnedUnder = (policy: string, models: readonly string[] = [""]): string => {
  const folder = mkdtempSync(join(tmpdir(), "quell-autonomy-"));
  const runs = Array.from({ length: 200 }, (_, i) => rowWith(i, { model_hash: models[i % models.length] ?? "" }));
  const waits = Array.from({ length: 30 }, (_, i) => rowWith(1_000 + i, WAITED));
  const rows = [...runs, ...waits];
  const { sha256 } = writeEpisodes(join(folder, "part-00000.parquet"), rows);
  const simulation = {
    ...{ schema: 1, asked: { policy, autonomy: 0.05 }, world_hash: "", features_hash: FEATURES_HASH },
    ...{ incidents: rows.length, rows: rows.length, data_hash: "" },
    parts: [{ file: "part-00000.parquet", incidents: rows.length, rows: rows.length, sha256 }],
  };
  writeFileSync(join(folder, "simulation.json"), JSON.stringify(simulation));
  return folder;
};
const byRules = earnedUnder("rules");
const withoutTiming = (text: string) => ({ ...JSON.parse(text), timing: null });

test("what has earned it acts alone in every world, the scoreboard says which, and the same seed gives the same", async () => {
  const asked = await said("--policy", "rules", "--json");
  const alone = await said("--policy", "rules", "--autonomy", byRules, "--json");
  const again = await said("--policy", "rules", "--autonomy", byRules, "--json");
  const { out } = await said("--policy", "rules", "--autonomy", byRules);

  const report = withoutTiming(alone.out);
  const [cell] = report.autonomy;
  assert.equal(withoutTiming(asked.out).autonomy, null);
  assert.deepEqual([report.autonomy.length, cell.runbook, cell.environment], [1, "ecs-rollback", "production"]);
  assert.ok(cell.runs > 0 && report.duplicatedEffects === 0);
  assert.deepEqual(withoutTiming(again.out), report);
  assert.match(
    out,
    new RegExp(`acted alone +${cell.runs} +ecs-rollback in production ${cell.runs}, harm observed in `),
  );
  assert.match(out, /the simulated world counts as the account/);
});

test("what another policy has earned does not count", async () => {
  const { out } = await said("--policy", "drafter", "--autonomy", byRules, "--json");

  assert.deepEqual(
    withoutTiming(out).autonomy.map(({ runs }: { runs: number }) => runs),
    [0],
  );
});

test("of a log in which two models chose nobody knows what either has earned", async () => {
  const { code, err } = await said("--autonomy", earnedUnder("qnet", ["a", "b"]));

  assert.equal(code, 2);
  assert.match(err, /nobody has written down which one policy and model chose/);
});

test("what people approved did not act alone, though it had earned it", async () => {
  const auto: Partial<EpisodeRow> = { stage: "auto", consents: [0, 0, 0], exit_status: "succeeded" };
  const rows = [
    rowWith(1, { ...auto, human_response: "none" }),
    rowWith(2, { ...auto, human_response: "approved" }),
    rowWith(3, { ...auto, human_response: "none", consents: [1, 0, 0] }),
  ];
  const autonomy = await gamedayAutonomy(byRules);

  const [cell] = actedAlone(autonomy, [], () => rows.map((row) => JSON.stringify(row)));

  assert.deepEqual(cell, { runbook: "ecs-rollback", environment: "production", runs: 1, harms: 0 });
});

test("evidence that cannot be read, and of which nobody knows whose it is, is bad input", async () => {
  const nameless = mkdtempSync(join(tmpdir(), "quell-autonomy-"));
  writeEpisodes(join(nameless, "part-00000.parquet"), [rowWith(1)]);

  const [absent, unknown] = [await said("--autonomy", "/nowhere"), await said("--autonomy", nameless)];

  assert.deepEqual([absent.code, unknown.code], [2, 2]);
  assert.match(absent.err, /--autonomy \/nowhere: it is not there; name a folder/);
  assert.match(unknown.err, /nobody has written down which one policy and model chose in these episodes/);
});

test("a store that was begun with other autonomy is refused", async () => {
  const store = join(mkdtempSync(join(tmpdir(), "quell-autonomy-")), "store.sqlite");
  await said("--policy", "rules", "--store", store, "--json");

  const { code, err } = await said("--policy", "rules", "--store", store, "--autonomy", byRules, "--json");

  assert.equal(code, 2);
  assert.match(err, /it holds a gameday with other parameters/);
});
