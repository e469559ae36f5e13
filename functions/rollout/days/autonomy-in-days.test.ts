import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { spoiltRollback } from "../../../runbooks/spoilt.fixture.ts";
import { trial, wait } from "../../core/autonomy.fixture.ts";
import { autonomyOf, earningCells, ownersLimit } from "../../core/autonomy.ts";
import { autonomyEvents } from "../../core/autonomy-evidence.ts";
import { draftOffline } from "../../core/draft.ts";
import type { EpisodeRow } from "../../core/episode.ts";
import { POLICIES } from "../../core/policies.ts";
import type { Scorer } from "../../core/ports.ts";
import { scenarioWith } from "../../world/scenario.ts";
import { type Log, playLog } from "./log.ts";

const rules = POLICIES.rules as Scorer;
const settings = ownersLimit(0.05);
/** As if 200 days had gone well before the first day: enough for one of all the cells of the catalogue. */
const PROVEN = Array.from({ length: 200 }, (_, day) => [wait(day), trial(day)]).flat();

/** Days with one and the same fault; from `spoiltFrom` on the document of ecs-rollback also scales the service in. */
const logWith = (changed: Partial<Log>, spoiltFrom = Number.POSITIVE_INFINITY): Log => ({
  name: "autonomy",
  worldHash: "a-world",
  days: (index) => ({
    scenario: scenarioWith(3, index + 4, "bad-ecs-deployment"),
    catalogue: index < spoiltFrom ? catalogue : spoiltRollback(),
    drafter: () => ({ draft: async (context, known) => draftOffline(context, known, null) }),
  }),
  behaviour: { source: "agent" },
  judge: false,
  policyOn: () => () => rules,
  ...changed,
});

const rollbacksIn = async (log: Log, days: number, autonomy = PROVEN) => {
  const rows: EpisodeRow[] = [];
  for await (const day of playLog(log, { fromIndex: 0, toIndex: days }, { runs: [], autonomy })) rows.push(...day.rows);
  return rows.filter(({ executed_runbook }) => executed_runbook === "ecs-rollback");
};
const consentsOf = (rows: readonly EpisodeRow[]) => rows.map((row) => row.consents[row.executed]);

test("what its stream's past has earned acts alone in it, where it is asked for; else a person is asked", async () => {
  const [alone, asked, unproven] = [
    await rollbacksIn(logWith({ autonomy: settings }), 2),
    await rollbacksIn(logWith({}), 2),
    await rollbacksIn(logWith({ autonomy: settings }), 2, []),
  ];

  assert.ok(alone.length >= 2 && asked.length >= 2);
  assert.ok(alone.every(({ stage, human_response }) => stage === "auto" && human_response === "none"));
  for (const rows of [asked, unproven]) assert.ok(consentsOf(rows).every((consents) => consents === 1));
});

test("a document that goes wrong does so alone on one day, and from the next day on a person is asked", async () => {
  const rows = await rollbacksIn(logWith({ autonomy: settings }, 2), 6);

  const spoilt = rows.filter(({ harm }) => harm !== "none");
  const first = rows.findIndex(({ harm }) => harm === "confirmed");
  assert.deepEqual(
    consentsOf(rows.slice(0, first + 1)).filter((consents) => consents !== 0),
    [],
  );
  assert.ok(spoilt.length >= 2 && rows.length > first + 1);
  assert.ok(consentsOf(rows.slice(first + 1)).every((consents) => consents === 1));
});

test("the evidence says the same as the days: when it was suspended and by which decision", async () => {
  const rows = await rollbacksIn(logWith({ autonomy: settings }, 2), 6);
  const bad = rows.find(({ harm }) => harm === "confirmed");

  const events = [...PROVEN, ...autonomyEvents(rows)];
  const states = autonomyOf(events, earningCells(catalogue, ["production"]), settings);

  const state = states.find(({ runbook }) => runbook === "ecs-rollback");
  assert.ok(bad !== undefined);
  assert.match(state?.suspended?.because ?? "", new RegExp(bad.decision_id));
});
