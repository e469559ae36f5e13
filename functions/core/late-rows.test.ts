import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { costOf } from "../rollout/days/measure.ts";
import { autonomyEvents } from "./autonomy-evidence.ts";
import { type EpisodeRow, episodeRow } from "./episode.ts";
import { allow, candidateWith, catalogue, decisionFor, deedWith, incidentWith, PAGE, WAIT } from "./example.fixture.ts";
import { finishedRows } from "./finished-row.ts";
import { deedLeftBehind } from "./left-behind.ts";

const WEEK_MS = 7 * 86_400_000;
const decision = decisionFor([
  [allow(candidateWith()), 9],
  [allow(WAIT), 1],
  [allow(PAGE), 2],
]);
const CLOSED_MS = decision.decidedAtMs + 3_600_000;

const rowFrom = (deed: ReturnType<typeof deedWith>, recoveredByHand: boolean | null): EpisodeRow =>
  episodeRow(
    { guardrails: { hash: "g" }, catalogue },
    incidentWith(),
    { decision, deed },
    { impact: [1], handover: [], end: "handed_over", recoveredByHand },
  );

const unseen = { ...deedLeftBehind(decision, [], { atMs: CLOSED_MS, why: "lost" }), exit: "unknown" as const };
/** As reconcile left it, as its execution told it when it came back, and as it was when weeks had passed. */
const left = rowFrom(unseen, null);
const told: EpisodeRow = {
  ...rowFrom(deedWith({ exit: "succeeded", outcome: { kind: "recovered", by: "action", afterSeconds: 60 } }), false),
  row_version: 1,
};
const lateOf = (row: EpisodeRow, weeks: number, reopened: boolean | null): EpisodeRow => {
  const late = { clusterId: row.cluster_id, worldHash: "", reopened, maturedAtMs: CLOSED_MS + weeks * WEEK_MS };
  const [finished] = finishedRows([row], late);
  assert.ok(finished !== undefined);
  return finished;
};

test("what becomes known weeks late is the next version of its row: the ones before it stay as they are", () => {
  const matured = lateOf(told, 3, true);

  const [again] = finishedRows([matured], {
    ...{ clusterId: "storm-1", worldHash: "", reopened: true, maturedAtMs: CLOSED_MS + 5 * WEEK_MS },
  });

  assert.deepEqual(
    [left, told, matured, again].map((row) => row?.row_version),
    [0, 1, 2, 3],
  );
  assert.deepEqual([left.matured_at, left.cost_recurrence, told.cost_recurrence], [null, 0, 0]);
  assert.deepEqual([matured.cost_recurrence, matured.reopened_24h, again?.cluster_id], [0.5, true, "storm-1"]);
});

test("whoever counts takes the newest version, in whichever order they lie and however many there are", () => {
  const versions = [left, told, lateOf(told, 3, true)];
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.infiniteStream(fc.nat()), (count, order) => {
      const known = versions.slice(0, count);
      const shuffled = known
        .map((row) => ({ row, at: order.next().value }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ row }) => row);
      const newest = known.slice(-1);

      const [events, cost] = [autonomyEvents(shuffled), costOf(shuffled)];

      assert.deepEqual([events, cost], [autonomyEvents(newest), costOf(newest)]);
    }),
  );
});

test("a run of which nobody knows how it ended speaks against its runbook until somebody does", () => {
  const harmed = [[left], [left, told], [left, told, lateOf(told, 3, false)]].map((rows) =>
    autonomyEvents(rows).flatMap((event) => (event.kind === "trial" ? [event.harmed] : [])),
  );

  assert.deepEqual(harmed, [[true], [true], [false]]);
});
