import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type EpisodeRow, episodeRow } from "./episode.ts";
import { allow, candidateWith, catalogue, decisionFor, deedWith, incidentWith, PAGE, WAIT } from "./example.fixture.ts";
import { finishedRows, type Late } from "./finished-row.ts";
import type { Outcome } from "./stages.ts";

const guardrails = { hash: "g", ask: () => Promise.reject(new Error("not asked")) };

/** The row of one decision of an incident: an effect that ran, one that people turned down, waiting, or a page. */
const KINDS = ["ran", "running", "rejected", "wait", "page"] as const;
const rowFor = (kind: (typeof KINDS)[number], step: number): EpisodeRow => {
  const isEffect = kind !== "wait" && kind !== "page";
  const decision = decisionFor(
    [
      [allow(candidateWith()), isEffect ? 9 : 0],
      [allow(WAIT), kind === "wait" ? 5 : 1],
      [allow(PAGE), 2],
    ],
    { step },
  );
  const exit = kind === "ran" ? "succeeded" : kind === "running" ? "running" : null;
  const refusal = kind === "rejected" ? ({ kind, by: null, atMs: 0, note: "" } as const) : null;
  const outcome: Outcome = { kind: kind === "page" ? "paged" : "not-recovered", afterSeconds: 1 };
  const measured = { impact: [], handover: [], end: "none", recoveredByHand: false } as const;
  const deed = deedWith({ exit, refusal, outcome });
  return episodeRow({ guardrails, catalogue }, incidentWith(), { decision, deed }, measured);
};

const late: Late = { clusterId: "day-1-000007", worldHash: "w", reopened: true, maturedAtMs: 1e12 };
const kinds = fc.array(fc.constantFrom(...KINDS), { maxLength: 6 });
const rowsOf = (some: readonly (typeof KINDS)[number][]): readonly EpisodeRow[] => some.map(rowFor);

test("a reopen costs half an hour, on the last effect that was executed and on no other decision", () => {
  fc.assert(
    fc.property(kinds, fc.boolean(), (some, reversed) => {
      const rows = rowsOf(some);

      const finished = finishedRows(reversed ? rows.toReversed() : rows, late);

      const last = some.findLastIndex((kind) => kind === "ran" || kind === "running");
      assert.ok(finished.every(({ step, cost_recurrence }) => cost_recurrence === (step === last ? 0.5 : 0)));
    }),
  );
});

test("an incident that did not reopen, or of which nobody knows, costs nothing more", () => {
  fc.assert(
    fc.property(kinds, fc.constantFrom(false, null), (some, reopened) => {
      const rows = finishedRows(rowsOf(some), { ...late, reopened });

      assert.ok(rows.every(({ cost_recurrence, reopened_24h }) => cost_recurrence === 0 && reopened_24h === reopened));
    }),
  );
});

test("whatever people did outside the list of candidates is charged too, where something ran", () => {
  const [effect, waited] = [rowFor("ran", 0), rowFor("wait", 1)];
  const outside: EpisodeRow = { ...waited, executed: -1, executed_runbook: "by-hand" };

  const charged = [outside, { ...outside, exit_status: "succeeded" as const }].map((row) =>
    finishedRows([effect, row], late).map(({ cost_recurrence }) => cost_recurrence),
  );

  assert.deepEqual(charged, [
    [0.5, 0],
    [0, 0.5],
  ]);
});

test("every row is the next version of itself, with its cluster and its world, and nothing else changes", () => {
  fc.assert(
    fc.property(kinds, (some) => {
      const before = rowsOf(some);

      const rows = finishedRows(before, { ...late, reopened: false });

      const known = { cluster_id: "day-1-000007", world_hash: "w", reopened_24h: false, matured_at: 1e12 };
      assert.deepEqual(
        rows,
        before.map((row) => ({ ...row, ...known, row_version: 1 })),
      );
    }),
  );
});
