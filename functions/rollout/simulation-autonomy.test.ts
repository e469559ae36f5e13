import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { catalogue } from "../../runbooks/catalogue.ts";
import { readEpisodes } from "../adapters/parquet/read-episodes.ts";
import type { AutonomySettings } from "../core/autonomy.ts";
import { draftOffline } from "../core/draft.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { CANDIDATE_FEATURES } from "../core/features.ts";
import { POLICIES } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
import { scenarioWith } from "../world/scenario.ts";
import type { Log } from "./days/log.ts";
import { simulate } from "./simulation.ts";

const rules = POLICIES.rules as Scorer;
const WAITS = CANDIDATE_FEATURES.indexOf("waits");
const waiting: Scorer = {
  ...rules,
  score: async (_state, candidates) => candidates.map((vector) => ({ q: { mean: vector[WAITS] ?? 0, sd: 0 } })),
};
/** So little to show that eight clean runs and one wait are enough. */
const EASY: AutonomySettings = { maxHarmShare: { tier0: 0.5, tier1: 0.5 }, confidence: 0.5, leastWaits: 1 };
const FIRST = 4;
/** Days on which rolling back is seen to help: of others nobody knows what came, and so there would have to be many more. */
const NUMBERS = [FIRST, 5, 6, 7, 9, 10, 11, 13, 14, 18, 20, 21, 23, 24];
const DAYS = NUMBERS.length;

/** Days with one and the same fault; on the first nothing is done, so that it is known what waiting does. */
const log: Log = {
  name: "autonomy",
  worldHash: "a-world",
  days: (index) => ({
    scenario: scenarioWith(3, NUMBERS[index] ?? FIRST, "bad-ecs-deployment"),
    catalogue,
    drafter: () => ({ draft: async (context, known) => draftOffline(context, known, null) }),
  }),
  behaviour: { source: "agent" },
  judge: false,
  autonomy: EASY,
  policyOn: (day) => () => (day.scenario.index === FIRST ? waiting : rules),
};

const newFolder = (): string => mkdtempSync(join(tmpdir(), "quell-autonomy-"));
const written = (folder: string, days: number) => simulate(log, folder, days, { seed: 5 }, () => {}, 5);
const filesIn = (folder: string) => readdirSync(folder).filter((file) => file.endsWith(".parquet"));
const bytesIn = (folder: string) => filesIn(folder).map((file) => readFileSync(join(folder, file)).toString("base64"));
const rollbacksIn = async (folder: string): Promise<readonly EpisodeRow[]> => {
  const parts = await Promise.all(filesIn(folder).map((file) => readEpisodes(join(folder, file))));
  return parts.flat().filter(({ executed_runbook }) => executed_runbook === "ecs-rollback");
};

test("a runbook asks until its stream has shown enough and acts alone from then on, over all files of the log", async () => {
  const folder = newFolder();
  await written(folder, DAYS);

  const consents = (await rollbacksIn(folder)).map((row) => row.consents[row.executed]);

  const first = consents.indexOf(0);
  assert.ok(first >= 8 && consents.length > first + 2, JSON.stringify(consents));
  assert.ok(consents.slice(0, first).every((count) => count === 1));
  assert.ok(consents.slice(first).every((count) => count === 0));
});

test("a log that was stopped after any of its files goes on to the same bytes: nothing it has shown is forgotten", async () => {
  const whole = newFolder();
  await written(whole, DAYS);
  for (const stoppedAt of [5, 10, 12]) {
    const folder = newFolder();
    await written(folder, stoppedAt);
    await written(folder, DAYS);

    assert.deepEqual(bytesIn(folder), bytesIn(whole));
  }
});
