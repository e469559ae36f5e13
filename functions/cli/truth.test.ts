import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import { documentsOf } from "../adapters/simulated/actuator.ts";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { sqliteRecords } from "../adapters/sqlite/records.ts";
import { truthOf } from "../world/forked-truth.ts";
import { applyInput } from "../world/replay.ts";
import { scenarioAt } from "../world/scenario.ts";
import { createWorld } from "../world/world.ts";
import { parseRows, writeEpisodes } from "./gameday-episodes.ts";
import type { WorldResult } from "./gameday-report.ts";
import { stageOn } from "./gameday-stage.fixture.ts";
import type { Stage } from "./gameday-system.ts";
import { playWorlds } from "./gameday-worlds.ts";
import type { TruthRow } from "./truth.ts";
import { truthOfGameday, truthPath, writeTruth } from "./truth-file.ts";

const WORLDS = 6;
let stage: Stage;
let worlds: readonly WorldResult[];
let truths: readonly TruthRow[];

before(async () => {
  stage = stageOn(openDatabase(":memory:"), WORLDS);
  worlds = await playWorlds(stage, 6, () => {});
  truths = [...truthOfGameday(stage, worlds)].flat();
});

const episodesFile = (): string => join(mkdtempSync(join(tmpdir(), "quell-truth-")), "episodes.jsonl");
const linesIn = (path: string): readonly string[] => readFileSync(path, "utf8").trimEnd().split("\n");
const decisions = () =>
  sqliteRecords(stage.database)
    .all()
    .flatMap(({ incident, decisions }) =>
      decisions.map((decision) => ({ id: `${incident.id}/${decision.step}`, decision })),
    );

/** Every key at every depth. */
const keysOf = (value: unknown): readonly string[] =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => [...(Array.isArray(value) ? [] : [key]), ...keysOf(inner)]);

test("every decision has one line of truth, and its outcomes are those of its candidates", () => {
  const rows = truths;

  assert.ok(rows.length >= WORLDS);
  assert.deepEqual(
    rows.map(({ decision_id }) => decision_id).toSorted(),
    decisions()
      .map(({ id }) => id)
      .toSorted(),
  );
  for (const row of rows) {
    const candidates = decisions().find(({ id }) => id === row.decision_id)?.decision.candidates ?? [];
    assert.deepEqual(
      row.outcomes.map((outcome) => outcome !== null),
      candidates.map(({ verdict }) => verdict === "allowed"),
    );
    assert.notEqual(row.outcomes[row.best], null);
  }
});

/** What each run added and spared, by the world's own inputs alone. */
const judgedAgain = ({
  index,
}: WorldResult): readonly (readonly [decision: string, added: number, spared: number])[] => {
  const documents = documentsOf(stage.catalogue);
  const world = createWorld(scenarioAt(stage.parameters.seed, index));
  return stage.store.inputsOf(index).flatMap((input) => {
    const isEffect = input.kind === "start-automation" && input.tags.role !== "undo";
    const truth = isEffect ? truthOf(world, documents, input) : null;
    applyInput(world, documents, input);
    return truth === null || !isEffect ? [] : [[input.tags.decision ?? "", truth.harm, truth.uplift] as const];
  });
};

test("a run is judged where a decision had one, and as many runs harmed as the gameday counted", () => {
  const rows = truths;

  const ran = rows.filter((row) => row.ran !== null);
  const total = (of: (world: WorldResult) => number): number => worlds.reduce((sum, world) => sum + of(world), 0);
  assert.ok(ran.length > 0);
  for (const [decision, added, spared] of worlds.flatMap(judgedAgain)) {
    const judged = ran.find(({ decision_id }) => decision_id === decision)?.ran;
    assert.ok(Math.abs((judged?.added_impact ?? Number.NaN) - added) < 1e-4, decision);
    assert.ok(Math.abs((judged?.spared_impact ?? Number.NaN) - spared) < 1e-4, decision);
  }
  assert.equal(
    ran.length,
    total(({ actions }) => actions),
  );
  assert.equal(
    ran.filter((row) => (row.ran?.added_impact ?? 0) > 1).length,
    total(({ harmful }) => harmful),
  );
});

test("no key of the truth is one of an episode row, but for the decision's id that joins them", () => {
  const rows = parseRows(stage.episodesOf(worlds.flatMap(({ incidents }) => incidents.map(({ id }) => id))));

  const shown = new Set(rows.flatMap(keysOf));
  const hidden = new Set(truths.flatMap(keysOf));

  assert.deepEqual(
    [...hidden].filter((key) => shown.has(key)),
    ["decision_id"],
  );
});

test("the truth lies in its own folder under the episodes' name, and episodes are the same with it and without it", () => {
  const file = episodesFile();
  writeEpisodes(file, worlds, stage.episodesOf);
  const alone = readFileSync(file);

  writeTruth(file, truthOfGameday(stage, worlds));
  writeEpisodes(file, worlds, stage.episodesOf);
  const beside = readFileSync(file);
  const written = linesIn(truthPath(file));
  rmSync(dirname(truthPath(file)), { recursive: true });
  writeEpisodes(file, worlds, stage.episodesOf);

  assert.ok(alone.equals(beside) && alone.equals(readFileSync(file)));
  assert.deepEqual(readdirSync(dirname(file)), ["episodes.jsonl"]);
  assert.deepEqual(
    written.map((line) => JSON.parse(line) as TruthRow),
    truths,
  );
});
