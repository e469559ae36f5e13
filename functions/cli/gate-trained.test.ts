import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readEpisodes } from "../adapters/parquet/read-episodes.ts";
import { logOf, newFolder, releasedModel } from "./gate.fixture.ts";
import { trainedOn } from "./gate-trained.ts";

const PEOPLE = await logOf(14, "oncall", "21");
const AGENT = await logOf(6, "agent", "22");
const MODEL = releasedModel();

const clustersIn = async (folder: string): Promise<readonly string[]> => {
  const rows = await readEpisodes(join(folder, "part-00000.parquet"));
  return [...new Set(rows.toSorted((one, other) => one.decided_at - other.decided_at).map((row) => row.cluster_id))];
};

test("a model was trained on the first clusters of its log in time; another log is cut without regard to it", async () => {
  const found = await trainedOn(MODEL, [PEOPLE], AGENT);

  assert.deepEqual(found.trainedOn, (await clustersIn(PEOPLE)).slice(0, 4));
  assert.deepEqual(found.slices, { train: 0, tune: 0.2, calibrate: 0, test: 0.8 });
});

test("of several logs that it learnt from the first clusters of all of them in time are what it was trained on", async () => {
  const other = await logOf(6, "agent", "24");
  const rows = await Promise.all([PEOPLE, other].map((log) => readEpisodes(join(log, "part-00000.parquet"))));
  const inTime = rows.flat().toSorted((one, another) => one.decided_at - another.decided_at);
  const first = [...new Set(inTime.map((row) => row.cluster_id))].slice(0, 4);

  const found = await trainedOn(MODEL, [PEOPLE, other], AGENT);

  assert.deepEqual(found.trainedOn, first);
  assert.equal(new Set(first.map((name) => name.split("-").at(-2))).size, 2, "both logs are among them");
});

test("where it is judged by the log that it learnt from, only what training kept back may judge it", async () => {
  const clusters = await clustersIn(PEOPLE);
  const rows = await readEpisodes(join(PEOPLE, "part-00000.parquet"));
  const atMs = (place: number): number =>
    Math.min(...rows.filter(({ cluster_id }) => cluster_id === clusters[place]).map(({ decided_at }) => decided_at));
  const model = releasedModel();
  const cut = JSON.parse(readFileSync(join(model, "slices.json"), "utf8"));
  for (const name of ["train", "tune", "calibrate", "test"]) {
    cut[name].first_decided_at = atMs(cut[name].first_cluster);
    cut[name].last_decided_at = atMs(cut[name].first_cluster + cut[name].clusters - 1);
  }
  writeFileSync(join(model, "slices.json"), JSON.stringify(cut));

  const { slices } = await trainedOn(model, [PEOPLE], PEOPLE);

  assert.deepEqual(slices, {
    ...{ train: [atMs(0), atMs(4)], tune: [atMs(4), atMs(5)], calibrate: [atMs(5), atMs(6)] },
    test: [atMs(6), atMs(7) + 1],
  });
});

test("where nobody says what it learnt from, that is what is written down", async () => {
  assert.equal((await trainedOn(MODEL, null, AGENT)).trainedOn, null);
});

test("a log that is shorter than what was trained on is not the one, and a folder without slices tells nothing", async () => {
  const short = await logOf(1, "oncall", "23");

  await assert.rejects(trainedOn(MODEL, [short], AGENT), /was trained on 4; name every log that it was given/);
  await assert.rejects(trainedOn(newFolder(), [PEOPLE], AGENT), /it does not say how the log was cut; give --training/);
});
