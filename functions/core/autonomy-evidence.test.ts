import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CELL, DAY_MS, PAGE, rowWith, VETOED, WAIT, WAITED } from "./autonomy.fixture.ts";
import { type AutonomyEvent, autonomyEvents } from "./autonomy-evidence.ts";
import type { EpisodeRow } from "./episode.ts";

const trials = (rows: readonly EpisodeRow[]) =>
  autonomyEvents(rows).flatMap((event) => (event.kind === "trial" ? [event] : []));
const waits = (rows: readonly EpisodeRow[]) =>
  autonomyEvents(rows).flatMap((event) => (event.kind === "waited" ? [event] : []));
const harmIn = (...rows: readonly EpisodeRow[]): readonly boolean[] => trials(rows).map(({ harmed }) => harmed);

test("a run without harm is one trial of its cell, known a day after its incident has closed", () => {
  const row = rowWith(1);

  const events = autonomyEvents([row]);

  assert.deepEqual(events, [
    {
      ...CELL,
      ...{ kind: "trial", atMs: row.matured_at, cluster: "quell-1", modelHash: "" },
      ...{ ran: true, vetoed: false, harmed: false, recovered: true },
    },
  ]);
});

test("harm that was observed, an undo, an unknown end and a run that nobody has settled count as harm", () => {
  const bad: readonly Partial<EpisodeRow>[] = [
    { harm: "suspected" },
    { harm: "confirmed" },
    { harm: "unknown" },
    { undone: true },
    { exit_status: "unknown" },
    { matured_at: null },
  ];

  for (const changed of bad) assert.deepEqual(harmIn(rowWith(1, changed)), [true], JSON.stringify(changed));
});

test("what is not settled counts once it is 32 hours old, and as it came out once it is settled", () => {
  const open = rowWith(1, { row_version: 0, matured_at: null });

  const [unsettled] = trials([open]);

  assert.equal(unsettled?.atMs, open.decided_at + 32 * 3_600_000);
  assert.deepEqual(harmIn(open, rowWith(1)), [false]);
});

test("every veto of a proposal counts as harm, but one that says that it has recovered already", () => {
  const veto = (human_response: EpisodeRow["human_response"], human_reason: string) =>
    harmIn(rowWith(1, { ...VETOED, human_response, human_reason }));

  for (const reason of ["too-risky", "wrong-action", "prefer-other", "", "not already recovered at all"])
    assert.deepEqual(veto("rejected", reason), [true], reason);
  assert.deepEqual([veto("took_over", ""), veto("chose_other", "")], [[true], [true]]);
  for (const reason of ["already-recovered", "Already recovered.", "it has already recovered"])
    assert.deepEqual(veto("rejected", reason), [], reason);
  for (const response of ["expired", "already_recovered", "none"] as const) assert.deepEqual(veto(response, ""), []);
});

test("to turn down a wait or a page is no veto of a runbook", () => {
  for (const proposed of [WAIT, PAGE, -1]) assert.deepEqual(harmIn(rowWith(1, { ...VETOED, proposed })), []);
});

test("a cluster of incidents is one trial of a cell, as bad as the worst in it, known with the last of it", () => {
  const together = { cluster_id: "storm" };
  const rows = [rowWith(1, together), rowWith(2, { ...together, harm: "suspected" }), rowWith(3, together)];

  const counted = trials(rows);

  assert.equal(counted.length, 1);
  assert.deepEqual([counted[0]?.harmed, counted[0]?.atMs], [true, rows[2]?.matured_at]);
});

test("one runbook in two environments, and two runbooks in one cluster, are trials of their own", () => {
  const together = { cluster_id: "storm" };
  const rows = [
    rowWith(1, together),
    rowWith(2, { ...together, environment: "staging" }),
    rowWith(3, { ...together, executed_runbook: "lambda-alias-rollback" }),
  ];

  assert.equal(trials(rows).length, 3);
});

test("what people on call did by themselves, and what was only observed, is no evidence", () => {
  assert.deepEqual(autonomyEvents([rowWith(1, { source: "oncall" }), rowWith(2, { stage: "shadow" })]), []);
});

test("a confirmed harm is known as soon as its run has ended, long before it is settled", () => {
  const row = rowWith(1, { harm: "confirmed", matured_at: null });

  const [event] = autonomyEvents([row]).filter(({ kind }) => kind === "confirmed");

  assert.equal(event?.atMs, row.decided_at + 10 * 60_000);
});

test("a wait says whether its incident ended by itself within half an hour, at it or at a later decision", () => {
  const healed = { ...WAITED, end: "recovered", recovered_by: "self" } as const;
  const later = (minutes: number, changed: Partial<EpisodeRow>): EpisodeRow => ({
    ...rowWith(1, changed),
    ...{ decision_id: "quell-1/1", step: 1, decided_at: 3_600_000 + minutes * 60_000 },
  });
  const cases: readonly (readonly [readonly EpisodeRow[], boolean])[] = [
    [[rowWith(1, WAITED)], false],
    [[rowWith(1, healed)], true],
    [[rowWith(1, { ...healed, elapsed_minutes: 31 })], false],
    [[rowWith(1, { ...healed, recovered_by: "human" })], false],
    [[rowWith(1, WAITED), later(5, healed)], true],
    [[rowWith(1, WAITED), later(27, healed)], false],
  ];

  for (const [rows, expected] of cases)
    assert.deepEqual(
      waits(rows).map(({ recovered }) => recovered),
      [expected],
    );
});

test("a wait with a run within half an hour of it says nothing of waiting, and one further away does", () => {
  const run = (minutes: number): EpisodeRow => ({
    ...rowWith(1),
    ...{ decision_id: "quell-1/1", step: 1, decided_at: 3_600_000 + minutes * 60_000 },
  });

  for (const minutes of [-30, 5, 30]) assert.equal(waits([rowWith(1, WAITED), run(minutes)]).length, 0);
  for (const minutes of [-31, 31]) assert.equal(waits([rowWith(1, WAITED), run(minutes)]).length, 1);
});

test("of a cluster's waits the first counts, and only for what was allowed then", () => {
  const again = { ...rowWith(1, WAITED), decision_id: "quell-1/1", step: 1, decided_at: 3_900_000 };
  const refused = { ...WAITED, allowed: [false, true, true] };

  assert.equal(waits([rowWith(1, WAITED), again]).length, 1);
  assert.deepEqual(waits([rowWith(1, refused)]), []);
  assert.deepEqual(waits([rowWith(1, { ...WAITED, human_response: "rejected" })]), []);
});

test("rows in any order, and older versions of them, leave the same evidence", () => {
  const kinds: readonly Partial<EpisodeRow>[] = [{}, { harm: "suspected" }, WAITED, VETOED, { harm: "confirmed" }];
  const rows = fc.array(fc.tuple(fc.nat(20), fc.constantFrom(...kinds), fc.nat(6)), { maxLength: 12 }).map((drawn) =>
    drawn.map(([number, changed, cluster], place) => ({
      ...rowWith(number, changed),
      ...{ decision_id: `quell-${place}/0`, incident_id: `quell-${place}`, cluster_id: `cluster-${cluster}` },
    })),
  );
  fc.assert(
    fc.property(rows, (all) => {
      const older = all.map((row) => ({ ...row, row_version: 0, harm: "unknown" as const }));

      const sorted = (events: readonly AutonomyEvent[]) => events.map((event) => JSON.stringify(event)).toSorted();

      assert.deepEqual(sorted(autonomyEvents([...all.toReversed(), ...older])), sorted(autonomyEvents(all)));
    }),
  );
});

test("events come in the order in which they became known", () => {
  const events = autonomyEvents([rowWith(9), rowWith(2), rowWith(5, { harm: "confirmed" }), rowWith(4, WAITED)]);

  const times = events.map(({ atMs }) => atMs);

  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
  );
  assert.ok((times.at(-1) ?? 0) > DAY_MS);
});
