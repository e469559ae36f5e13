import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeEpisodes } from "../adapters/parquet/write-episodes.ts";
import { rowWith, VETOED, WAITED } from "../core/autonomy.fixture.ts";
import type { EpisodeRow } from "../core/episode.ts";
import type { statusJson } from "./learning-words.ts";
import { quell } from "./quell.ts";

const said = async (...args: readonly string[]) => {
  const heard = { out: "", err: "" };
  const code = await quell(["learning", "status", ...args], {
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
const newFolder = (): string => mkdtempSync(join(tmpdir(), "quell-status-"));
const folderWith = (rows: readonly EpisodeRow[]): string => {
  const folder = newFolder();
  writeEpisodes(join(folder, "part-00000.parquet"), rows);
  return folder;
};
/** 220 clean runs, thirty waits that did not heal, one veto and, where it is asked for, a harm that was seen. */
const history = (...more: readonly EpisodeRow[]): readonly EpisodeRow[] => [
  ...Array.from({ length: 220 }, (_, i) => rowWith(i)),
  ...Array.from({ length: 30 }, (_, i) => rowWith(1_000 + i, WAITED)),
  rowWith(2_000, VETOED),
  ...more,
];
const SEEN = rowWith(3_000, { harm: "confirmed" });

const cellOf = async (...args: readonly string[]) => {
  const { out, code } = await said(...args, "--json");
  assert.equal(code, 0);
  const { autonomy }: ReturnType<typeof statusJson> = JSON.parse(out);
  const { cells } = autonomy;
  const cell = cells.find(({ runbook }) => runbook === "ecs-rollback");
  assert.ok(cell !== undefined);
  return { ...cell, evidence: autonomy.evidence, settings: autonomy.settings, cells: cells.length };
};

test("without evidence it says which policy acts, and that nothing is known of any runbook", async () => {
  const { code, out, err } = await said();

  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^policy +qnet: its gate: passed; learnt from \d+ simulated decisions/);
  assert.match(out, /^gate +passed; /m);
  assert.match(out, /^evidence +none; name some with --episodes or --store/m);
  assert.match(out, /ecs-rollback .*asks .*never at 0 runs a month/);
});

test("the document of --json is alone on stdout and has every count of a cell", async () => {
  const folder = folderWith(history());

  const { eValue, needed, uplift, at, earnedAt, evidence, settings, runsPerMonth, ...counts } = await cellOf(
    "--episodes",
    folder,
  );

  assert.deepEqual(counts, {
    ...{ runbook: "ecs-rollback", environment: "production", tier: 1, state: "alone" },
    ...{ counted: 221, runs: 220, harms: 1, vetoes: 1, maxHarmShare: 0.05 },
    ...{ recovered: { count: 220, of: 220 }, waited: { count: 0, of: 30 }, upliftBecause: null },
    ...{ runsToGo: 0, waitsToGo: 0, when: "acts alone", suspended: null, cells: 17 },
  });
  assert.ok(eValue >= needed && Math.abs(needed - 340) < 1e-6);
  assert.ok(uplift !== null && runsPerMonth > 0 && at === earnedAt);
  assert.deepEqual([evidence.from, evidence.source, evidence.decisions], [folder, "simulated", 251]);
  assert.equal(settings.confidence, 0.95);
});

test("a harm that was seen while it acted alone is named, and so is who has to lift it", async () => {
  const folder = folderWith(history(SEEN));

  const { out } = await said("--episodes", folder);
  const { state, suspended } = await cellOf("--episodes", folder);

  assert.match(out, /ecs-rollback .*suspended .*when a person reinstates it/);
  assert.match(
    out,
    /ecs-rollback in production was suspended: it was seen to make things worse in decision quell-3000\/0/,
  );
  assert.equal(state, "suspended");
  assert.match(JSON.stringify(suspended), /quell-3000\/0/);
});

test("an owner who accepts less harm has more to wait for", async () => {
  const folder = folderWith(history());

  const [usual, strict] = [
    await cellOf("--episodes", folder),
    await cellOf("--episodes", folder, "--autonomy", "0.01"),
  ];

  assert.deepEqual([usual.state, strict.state, strict.maxHarmShare], ["alone", "asks", 0.01]);
  assert.ok(strict.runsToGo > 500);
});

test("a gameday's store is evidence as well: what was decided in it has come to its end", async () => {
  const store = join(newFolder(), "store.sqlite");
  const silent = { write: () => {}, writeError: () => {}, paint: (_: string, text: string) => text };
  await quell(["gameday", "--incidents", "4", "--seed", "3", "--policy", "rules", "--json", "--store", store], {
    ...silent,
    ...{ isLive: false, canAsk: false },
  });

  const { code, out } = await said("--store", store, "--json");

  const { evidence, cells } = JSON.parse(out).autonomy;
  assert.equal(code, 0);
  assert.ok(evidence.decisions > 0);
  assert.ok(cells.some(({ counted, harms }: { counted: number; harms: number }) => counted > harms));
});

test("input that cannot be used is said with what to do", async () => {
  const [empty, file] = [newFolder(), join(newFolder(), "notes.txt")];
  writeFileSync(file, "not a store");
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["--episodes", "/nowhere"], /--episodes \/nowhere: it is not there; name a folder/],
    [["--episodes", empty], /no episodes lie in it; name a folder/],
    [["--store", file], /its episodes cannot be read \(.*\); name a folder/],
    [["--episodes", empty, "--store", file], /both were given; give the one/],
    [["--autonomy", "0"], /--autonomy 0: cannot be used; give the share .* from 0.001 to 0.5/],
    [["--autonomy", "0.6"], /--autonomy 0.6: cannot be used/],
  ];

  for (const [args, message] of wrong) {
    const { code, out, err } = await said(...args);

    assert.deepEqual([code, out], [2, ""], args.join(" "));
    assert.match(err, message);
  }
});

test("what other people's episodes are called cannot write on the terminal", async () => {
  const folder = folderWith([rowWith(1, { environment: "prod\u001b[2Jstaging" })]);

  const { out } = await said("--episodes", folder);

  assert.ok(!out.includes("\u001b"));
});
