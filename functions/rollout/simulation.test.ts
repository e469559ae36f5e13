import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readEpisodes } from "../adapters/parquet/read-episodes.ts";
import { alarmClassIn } from "../core/alarm-class.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { CANDIDATE_FEATURES, STATE_FEATURES } from "../core/features.ts";
import { POLICIES } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
import { type PastRun, pastOf, pastRunOf } from "../core/track-record.ts";
import { trainDays } from "./days/days.ts";
import type { Log } from "./days/log.ts";
import { peopleChoose } from "./days/people-choose.ts";
import { OtherLog, readSimulation, simulate } from "./simulation.ts";

const log = (seed = 5): Log => ({
  name: `test-${seed}`,
  worldHash: "a-world",
  days: trainDays(seed, { confounding: "mild", broken: 0 }),
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

test("a folder of other simulator code is refused with what to do", async () => {
  const folder = newFolder();
  await written(folder, 4);

  await assert.rejects(
    written(folder, 8, { ...log(), worldHash: "another-world" }),
    (error: Error) =>
      error instanceof OtherLog &&
      error.message === `${folder}: it was written by other simulator code; delete it or give another folder`,
  );
});

test("a list that is cut short, or none, is refused by its name", async () => {
  for (const text of ['{"schema": 1', "{}"]) {
    const folder = newFolder();
    const path = join(folder, "simulation.json");
    writeFileSync(path, text);

    await assert.rejects(
      written(folder, 4),
      (error: Error) =>
        error instanceof OtherLog && error.message.startsWith(`${path}: it `) && /give/.test(error.message),
    );
  }
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

/** The five numbers that a candidate's vector has of its runbook's earlier runs. */
const HISTORY = ["runs", "helped", "harmed", "classRuns", "classHelped"] as const;
const PRIOR: readonly number[] = [0, 0.5, 0.05, 0, 0.5].map(Math.fround);

/** What the log before a decision says of the runs of each of its candidates, as a vector has it. */
const historyBy = (row: EpisodeRow, runs: readonly PastRun[]): readonly (readonly number[])[] => {
  const past = pastOf(runs, { nowMs: row.decided_at, incidentId: row.incident_id });
  const alarmClass = alarmClassIn(STATE_FEATURES, row.state);
  return row.runbook_id.map((runbook) => {
    const [rates, inClass] = [past.of(runbook), past.ofClass(runbook, alarmClass)];
    const { runs, helped, harmed } = rates;
    return [Math.log1p(runs), helped, harmed, Math.log1p(inClass.runs), inClass.helped].map(Math.fround);
  });
};

const loggedIn = ({ candidates, runbook_id }: EpisodeRow): readonly (readonly number[])[] =>
  runbook_id.map((_, place) =>
    HISTORY.map(
      (name) => candidates[place * CANDIDATE_FEATURES.length + CANDIDATE_FEATURES.indexOf(name)] ?? Number.NaN,
    ),
  );

test("what a decision looks back on is what its stream's rows say had matured by then, over parts as well", async () => {
  const folder = newFolder();
  await simulate({ ...log(), judge: false }, folder, 60, { seed: 5 }, () => {}, 20);
  const parts = readSimulation(folder)?.parts ?? [];
  const rows = (await Promise.all(parts.map(({ file }) => readEpisodes(join(folder, file))))).flat();
  const runs = rows.map(pastRunOf).filter((run) => run !== null);

  const logged = rows.map(loggedIn);

  assert.deepEqual(
    logged,
    rows.map((row) => historyBy(row, runs)),
  );
  const latest = logged.slice(-(parts.at(-1)?.rows ?? 0)).flat();
  for (const place of HISTORY.keys()) assert.ok(latest.some((history) => history[place] !== PRIOR[place]));
});
