import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { catalogue } from "../../runbooks/catalogue.ts";
import { readEpisodes } from "../adapters/parquet/read-episodes.ts";
import { POLICIES } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
import { pastRunOf } from "../core/track-record.ts";
import { trainDays } from "./days/days.ts";
import type { Log } from "./days/log.ts";
import { peopleChoose } from "./days/people-choose.ts";
import { OtherLog, readSimulation, simulate } from "./simulation.ts";

const log = (seed = 5): Log => ({
  name: `test-${seed}`,
  worldHash: "a-world",
  days: trainDays(seed, { confounding: "mild", wrong: 0 }),
  behaviour: { source: "oncall" },
  judge: true,
  policyOn: (day) => (world) => peopleChoose(day.catalogue, world),
});

const newFolder = (): string => mkdtempSync(join(tmpdir(), "quell-simulation-"));
const heard = () => {
  let days = 0;
  return {
    ended: (count: number) => {
      days += count;
    },
    days: () => days,
  };
};
/** Ten days in parts of four. */
const written = async (folder: string, incidents = 10, one = log()) =>
  simulate(one, folder, incidents, { seed: 5 }, () => {}, 4);
const bytesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(parquet|jsonl)$/.test(file))
    .toSorted()
    .map((file) => [file, readFileSync(join(folder, file)).toString("base64")]);

test("a log that was stopped after any of its files goes on to the same bytes", async () => {
  const whole = newFolder();
  await written(whole);
  for (const stoppedAt of [4, 8, 9]) {
    const folder = newFolder();
    await written(folder, stoppedAt);
    const { ended, days } = heard();
    await simulate(log(), folder, 10, { seed: 5 }, ended, 4);

    assert.deepEqual(bytesIn(folder), bytesIn(whole));
    assert.equal(days(), 10);
  }
});

test("a file that the list does not name was never whole: it is written again", async () => {
  const whole = newFolder();
  await written(whole);
  const folder = newFolder();
  await written(folder, 4);
  writeFileSync(join(folder, "part-00001.parquet"), "half of a fi");

  await written(folder);

  assert.deepEqual(bytesIn(folder), bytesIn(whole));
});

test("a shorter log holds the same days as the beginning of a longer one, and all rows of a day lie in one file", async () => {
  const [short, long] = [newFolder(), newFolder()];
  await written(short, 6);
  await written(long, 10);

  const rowsOf = async (folder: string) => {
    const parts = readSimulation(folder)?.parts ?? [];
    return Promise.all(parts.map(({ file }) => readEpisodes(join(folder, file))));
  };
  const [shorter, longer] = [(await rowsOf(short)).flat(), await rowsOf(long)];
  assert.deepEqual(longer.flat().slice(0, shorter.length), shorter);
  const days = longer.map((rows) => new Set(rows.map(({ cluster_id }) => cluster_id)));
  assert.equal(
    new Set(days.flatMap((set) => [...set])).size,
    days.reduce((sum, { size }) => sum + size, 0),
  );
});

test("a folder with another log is refused by the name of what differs", async () => {
  const folder = newFolder();
  await written(folder, 4);

  await assert.rejects(
    simulate(log(), folder, 8, { seed: 6 }, () => {}, 4),
    (error) => {
      assert.ok(error instanceof OtherLog);
      assert.match(error.message, /another seed; give another folder/);
      return true;
    },
  );
});

test("rows of people on call have no propensities, rows of an agent have exact ones, and no row tells the truth", async () => {
  const [people, agent] = [newFolder(), newFolder()];
  await written(people, 8);
  const rules = { ...(POLICIES.rules as Scorer), draw: { epsilon: 0.2, delta: 1 } };
  await written(agent, 8, { ...log(), behaviour: { source: "agent" }, policyOn: () => () => rules });

  const rowsIn = async (folder: string) =>
    (
      await Promise.all(["part-00000.parquet", "part-00001.parquet"].map((file) => readEpisodes(join(folder, file))))
    ).flat();
  const [theirs, ours] = [await rowsIn(people), await rowsIn(agent)];
  assert.ok(
    theirs.every(({ probability, proposed, source }) => probability === null && proposed === -1 && source === "oncall"),
  );
  assert.ok(
    ours.every(({ probability }) => Math.abs((probability ?? []).reduce((sum, one) => sum + one, 0) - 1) < 1e-9),
  );
  assert.ok(ours.some(({ probability }) => (probability ?? []).some((one) => one > 0 && one < 1)));
  const truth = readFileSync(join(people, "truth", "part-00000.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const families = new Set(truth.flatMap((one) => [...one.faults, ...one.families]));
  assert.ok(families.size > 2);
  for (const row of theirs)
    for (const value of Object.values(row)) assert.ok(!(typeof value === "string" && families.has(value)));
});

test("reading what was learnt from it needs no truth: the folder may be gone", async () => {
  const folder = newFolder();
  await written(folder, 4);
  rmSync(join(folder, "truth"), { recursive: true });

  const simulation = await written(folder, 8);

  assert.equal(simulation.incidents, 8);
});

test("what a decision looks back on is what its stream's rows say had matured by then", async () => {
  const folder = newFolder();
  await written(folder, 10);
  const parts = readSimulation(folder)?.parts ?? [];
  const rows = (await Promise.all(parts.map(({ file }) => readEpisodes(join(folder, file))))).flat();
  const runs = rows.map(pastRunOf).filter((run) => run !== null);

  assert.ok(runs.length > 0);
  for (const { maturedAtMs, decidedAtMs } of runs) assert.ok(maturedAtMs >= decidedAtMs + 24 * 3_600_000);
  assert.ok(catalogue.runbooks.some(({ id }) => runs.some(({ runbook }) => runbook === id)));
});
