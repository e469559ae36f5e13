import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EpisodeRow } from "./episode.ts";
import { candidateWith, catalogue, contextWith, MINUTE_MS } from "./example.fixture.ts";
import { CANDIDATE_FEATURES, encodeCandidate, encodeState, FEATURE_SCHEMA, STATE_FEATURES } from "./features.ts";
import { emptyTrackRecord, type PastRun, pastOf, pastRunOf, TRACK_RECORD_DAYS } from "./track-record.ts";

const DAY_MS = 1440 * MINUTE_MS;
const NOW_MS = contextWith().nowMs;
const HISTORY = FEATURE_SCHEMA.candidate.flatMap(({ group, name }) => (group === "history" ? [name] : []));

const past: fc.Arbitrary<PastRun> = fc
  .record({
    incidentId: fc.constantFrom("quell-test", "quell-1", "quell-2"),
    runbook: fc.constantFrom("restart", "rollback"),
    alarmClass: fc.constantFrom("errors" as const, "latency" as const, null),
    decidedAtMs: fc.integer({ min: NOW_MS - 120 * DAY_MS, max: NOW_MS + DAY_MS }),
    takesMs: fc.integer({ min: 0, max: 3 * DAY_MS }),
    helped: fc.boolean(),
    harmed: fc.boolean(),
  })
  .map(({ takesMs, ...run }) => ({ ...run, maturedAtMs: run.decidedAtMs + takesMs }));

/** The row of a run, as far as a track record reads it. */
const rowOf = (run: PastRun): EpisodeRow =>
  ({
    incident_id: run.incidentId,
    executed_runbook: run.runbook,
    decided_at: run.decidedAtMs,
    matured_at: run.maturedAtMs,
    exit_status: "succeeded",
    state: STATE_FEATURES.map((name) => (run.alarmClass !== null && name === ALARM_FLAG[run.alarmClass] ? 1 : 0)),
    recovered: run.helped,
    recovered_by: run.helped ? "action" : "",
    harm: run.harmed ? "suspected" : "none",
  }) as unknown as EpisodeRow;
const ALARM_FLAG: Readonly<Record<string, string>> = { errors: "alarmErrors", latency: "alarmLatency" };

const historyWith = (runs: readonly PastRun[]): Readonly<Record<string, number>> => {
  const context = contextWith();
  const beside = { candidates: [], past: pastOf(runs, context) };
  const vector = encodeCandidate(context, candidateWith(), catalogue, beside);
  return Object.fromEntries(HISTORY.map((name) => [name, vector[CANDIDATE_FEATURES.indexOf(name)] ?? Number.NaN]));
};

test("recomputing the history features from the rows that were written reproduces them", () => {
  fc.assert(
    fc.property(fc.array(past, { maxLength: 40 }), (runs) => {
      const reread = runs.map(rowOf).flatMap((row) => pastRunOf(row) ?? []);

      assert.deepEqual(historyWith(reread), historyWith(runs));
    }),
  );
});

/** As a vector holds them. */
const asFeatures = (values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Math.fround(value)]));

test("the shares are those of the slow, obvious count: matured before now, decided within 90 days, of other incidents", () => {
  fc.assert(
    fc.property(fc.array(past, { maxLength: 40 }), (runs) => {
      const history = historyWith(runs);

      const counted = runs.filter(
        (run) =>
          run.runbook === "restart" &&
          run.incidentId !== "quell-test" &&
          run.maturedAtMs < NOW_MS &&
          run.decidedAtMs >= NOW_MS - TRACK_RECORD_DAYS * DAY_MS,
      );
      const ofClass = counted.filter(({ alarmClass }) => alarmClass === "errors");
      const helped = (counted.filter((run) => run.helped).length + 1) / (counted.length + 2);
      const expected = asFeatures({
        trackRecordMissing: 0,
        runs: Math.log1p(counted.length),
        helped,
        harmed: (counted.filter((run) => run.harmed).length + 2 * 0.05) / (counted.length + 2),
        classRuns: Math.log1p(ofClass.length),
        classHelped: (ofClass.filter((run) => run.helped).length + 2 * helped) / (ofClass.length + 2),
      });
      assert.deepEqual(history, expected);
    }),
  );
});

test("what was decided or matured later, and what the incident did itself, changes no history feature", () => {
  fc.assert(
    fc.property(fc.array(past, { maxLength: 20 }), fc.array(past, { maxLength: 20 }), (runs, others) => {
      const later = others.map((run) => ({ ...run, maturedAtMs: NOW_MS + (run.maturedAtMs % DAY_MS) }));
      const own = others.map((run) => ({ ...run, incidentId: "quell-test" }));

      const history = historyWith([...runs, ...later, ...own]);

      assert.deepEqual(history, historyWith(runs));
    }),
  );
});

test("the order of the record does not matter, and no record leaves what is expected of an unknown runbook", async () => {
  const runs = fc.sample(past, { numRuns: 20, seed: 7 });

  const empty = historyWith(await emptyTrackRecord.since(0, NOW_MS));

  assert.deepEqual(historyWith(runs.toReversed()), historyWith(runs));
  const unknown = { trackRecordMissing: 0, runs: 0, helped: 0.5, harmed: 0.05, classRuns: 0, classHelped: 0.5 };
  assert.deepEqual(empty, asFeatures(unknown));
  assert.equal(pastOf(null).isMissing, true);
});

const SKIPPED: readonly (readonly [why: string, changed: Partial<EpisodeRow>])[] = [
  ["nothing ran", { exit_status: "none" }],
  ["its outcome has not matured", { matured_at: null }],
];
for (const [why, changed] of SKIPPED)
  test(`a row is no past run where ${why}`, () => {
    const [run] = fc.sample(past, { numRuns: 1, seed: 7 });
    assert.ok(run !== undefined);

    const row = { ...rowOf(run), ...changed };

    assert.equal(pastRunOf(row), null);
  });

test("a recovery by itself is no help, and harm that is unknown is harm", () => {
  const [run] = fc.sample(past, { numRuns: 1, seed: 7 });
  assert.ok(run !== undefined);

  const row: EpisodeRow = { ...rowOf(run), recovered: true, recovered_by: "self", harm: "unknown" };

  assert.partialDeepStrictEqual(pastRunOf(row), { helped: false, harmed: true });
});

test("the alarm class of a run is the one that its own vector says", () => {
  const context = contextWith();
  const [run] = fc.sample(past, { numRuns: 1, seed: 7 });
  assert.ok(run !== undefined);

  const row: EpisodeRow = { ...rowOf(run), state: encodeState(context) };

  assert.equal(pastRunOf(row)?.alarmClass, "errors");
});
