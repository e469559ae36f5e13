import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Decision } from "./decide.ts";
import { DRILL } from "./drill.ts";
import {
  API_ARN,
  allow,
  candidateWith,
  chapterWith,
  decisionFor,
  deedWith,
  ERRORS,
  incidentWith,
  MINUTE_MS,
  OPENED_MS,
  PAGE,
  REQUESTS,
  seriesOf,
  settingsWith,
  WAIT,
} from "./example.fixture.ts";
import type { Effect } from "./execute.ts";
import type { Incident } from "./incident.ts";
import type { Json } from "./json.ts";
import { noteRows, type OwedRows } from "./owed-rows.ts";
import { accountWith, asked, type Given, NOW_MS } from "./reconcile.fixture.ts";
import { reconcile } from "./reconcile.ts";
import { LONGEST_INCIDENT_MS } from "./reconcile-incidents.ts";
import { recordEpisode } from "./record-episode.ts";
import type { Session } from "./session.ts";

const settings = settingsWith();
const HANDED_OVER_MS = settings.handoverSeconds * 1000;
const ended: Given = { states: { "quell-test": "ended" } };
const waiting = decisionFor([
  [allow(WAIT), 0.9],
  [allow(PAGE), 0.5],
]);
const madeUnder = { features_hash: "features then", catalogue_hash: "catalogue then", guardrails_hash: "guards then" };

/** The items of decisions, one minute after the other, each with what came of the one before where that is given. */
const decided = (
  decisions: readonly Decision[],
  deeds: readonly ReturnType<typeof deedWith>[] = [],
): Record<string, Json> =>
  Object.fromEntries(
    decisions.map((decision, step) => [
      `decision#quell-test/${step}`,
      {
        ...{ ...decision, step, decisionId: `quell-test/${step}`, decidedAtMs: OPENED_MS + step * MINUTE_MS },
        ...{ madeUnder, before: deeds[step - 1] ?? null },
      } as unknown as Json,
    ]),
  );

const effect: Effect = {
  ...{ key: "k", role: "run", attempt: 1, step: 0, runbook: "restart", target: API_ARN, root: "r", planHash: "p" },
  ...{ fence: 1, atMs: OPENED_MS + MINUTE_MS, executionId: "x", dryRun: false },
};
const noted = (changes: Partial<Effect> = {}): Record<string, Json> => ({
  "effect#quell-test/0/run": { ...effect, ...changes } as unknown as Json,
});

/** Closed by reconcile at once, then looked after again when people's time is over. */
const lookedAfter = async (given: Given, settled = settings) => {
  const account = accountWith(given);
  const first = await reconcile(account.ports, settled);
  const early = [...account.told.rows.values()];
  account.moveTo((given.nowMs ?? NOW_MS) + HANDED_OVER_MS);
  const second = await reconcile(account.ports, settled);
  const third = await reconcile(account.ports, settled);
  const rows = [...account.told.rows.values()];
  return {
    ...account,
    early,
    rows,
    counted: [first, second, third].map((done) => done.rows),
    failures: [first, second],
  };
};

test("the last decision of an incident whose execution died has one row, in which nobody knows what came of it", async () => {
  const { decision } = chapterWith();
  const items = { ...decided([decision]), ...noted() };

  const { rows, counted, incident } = await lookedAfter({ ...ended, incidents: [asked], items });

  const [row, ...more] = rows;
  assert.deepEqual([more, counted], [[], [0, 1, 0]]);
  assert.partialDeepStrictEqual(row, {
    ...{ decision_id: "quell-test/0", row_version: 0, executed_runbook: "restart", exit_status: "unknown" },
    ...{ harm: "unknown", cost_harm: 1, undone: false, recovered: false, recovered_by: "unknown", end: "handed_over" },
    ...{ human_response: "none", reopened_24h: null, matured_at: null, elapsed_minutes: 60 },
  });
  assert.deepEqual((await incident("quell-test"))?.rows, [0]);
});

test("what was weighed and proposed stands in such a row as it was, under the hashes of then", async () => {
  const { decision } = chapterWith();

  const { rows } = await lookedAfter({ ...ended, incidents: [asked], items: decided([decision]) });

  assert.partialDeepStrictEqual(rows[0], {
    ...madeUnder,
    ...{ state: decision.state, probability: decision.weighed.map(({ probability }) => probability) },
    ...{ proposed: 0, seed: decision.seed, decided_at: OPENED_MS, model_hash: decision.modelHash },
  });
});

describe("whether something ran", () => {
  const asking = decisionFor([
    [allow(candidateWith(), { consents: 1 }), 0.9],
    [allow(WAIT), 0.3],
    [allow(PAGE), 0.5],
  ]);
  const { decision } = chapterWith();
  type Case = readonly [string, Decision, Record<string, Json>, readonly string[]];
  const cases: readonly Case[] = [
    ["is no where no effect was noted", decision, {}, ["wait", "none", "none", "none"]],
    ["is unknown where one was noted", decision, noted(), ["restart", "unknown", "unknown", "none"]],
    [
      "is unknown where its start was never answered",
      decision,
      noted({ executionId: null }),
      ["restart", "unknown", "unknown", "none"],
    ],
    ["is no where it was only written down", decision, noted({ dryRun: true }), ["wait", "none", "none", "none"]],
    [
      "is unknown where people had consented, which is known",
      asking,
      noted(),
      ["restart", "unknown", "unknown", "approved"],
    ],
    ["is no of a decision to wait", waiting, {}, ["wait", "none", "none", "none"]],
  ];
  for (const [name, one, items, expected] of cases)
    test(name, async () => {
      const { rows } = await lookedAfter({ ...ended, incidents: [asked], items: { ...decided([one]), ...items } });

      const told = rows.map((row) => [row.executed_runbook, row.exit_status, row.harm, row.human_response]);
      assert.deepEqual(told, [expected]);
    });
});

test("a decision that others followed has its row at once, with what came of it where its execution had come to say so", async () => {
  const told = deedWith({
    exit: "succeeded",
    undone: true,
    outcome: { kind: "rolled-back", afterSeconds: 9, worse: true },
  });
  const items = decided([chapterWith().decision, waiting, waiting], [told]);

  const { early, rows } = await lookedAfter({ ...ended, incidents: [asked], items });

  assert.deepEqual(
    early.map(({ step, exit_status, harm, undone, end }) => [step, exit_status, harm, undone, end]),
    [
      [0, "succeeded", "confirmed", true, "none"],
      [1, "none", "none", false, "none"],
    ],
  );
  assert.deepEqual(
    rows.map(({ step, end, elapsed_minutes, recovered_by }) => [step, end, elapsed_minutes, recovered_by]),
    [
      [0, "none", 20, ""],
      [1, "none", 1, ""],
      [2, "handed_over", 58, "unknown"],
    ],
  );
});

/** What its execution wrote of an incident when it ended it. */
const endedBy = (changes: Partial<Incident> & OwedRows): Incident => ({
  ...{
    ...asked,
    decided: 1,
    rows: [],
    closedAtMs: OPENED_MS + 30 * MINUTE_MS,
    because: { code: "paged", detail: "d" },
  },
  ...changes,
});

const recovered = deedWith({ exit: "succeeded", outcome: { kind: "recovered", by: "action", afterSeconds: 60 } });

describe("an execution that died after it had ended its incident", () => {
  const cases = [
    [
      "leaves the row of an effect that helped",
      endedBy({ terminal: "RESOLVED", came: { step: 0, deed: recovered } }),
      { exit_status: "succeeded", harm: "none", recovered: true, recovered_by: "action", end: "recovered" },
    ],
    [
      "leaves the row of a hand-over that it still watched, of which nobody saw the end",
      endedBy({ terminal: "REJECTED", watching: true, came: { step: 0, deed: deedWith() } }),
      { exit_status: "none", harm: "none", recovered: false, recovered_by: "unknown", end: "handed_over" },
    ],
    [
      "leaves the row of what it only observed, whose end is open",
      endedBy({
        terminal: "ESCALATED",
        because: { code: "observed", detail: "d" },
        came: { step: 0, deed: deedWith() },
      }),
      { exit_status: "none", recovered: false, recovered_by: "", end: "open" },
    ],
  ] as const;
  for (const [name, one, expected] of cases)
    test(`${name}; reconcile writes it, once`, async () => {
      const { rows, told, incident } = await lookedAfter({
        ...{ ...ended, incidents: [one], items: decided([chapterWith().decision]) },
      });

      assert.equal(rows.length, 1);
      assert.partialDeepStrictEqual(rows[0], expected);
      assert.deepEqual([told.pages, (await incident("quell-test"))?.terminal], [[], one.terminal]);
    });
});

test("what came of one decision is not told of the next, which was stored and never carried out", async () => {
  const one = endedBy({ terminal: "ESCALATED", decided: 2, came: { step: 0, deed: recovered } });

  const { rows } = await lookedAfter({ ...ended, incidents: [one], items: decided([waiting, waiting], [recovered]) });

  assert.deepEqual(
    rows.map(({ step, recovered: isWell, recovered_by }) => [step, isWell, recovered_by]),
    [
      [0, true, "action"],
      [1, false, "unknown"],
    ],
  );
});

test("no row is written while the execution lives, or while it may only be missing from a list", async () => {
  const running = endedBy({ terminal: "RESOLVED" });
  const young = { ...running, startedAtMs: NOW_MS + HANDED_OVER_MS - MINUTE_MS };
  const items = decided([waiting]);

  const one = await lookedAfter({ incidents: [running], items, states: { "quell-test": "running" } });
  const other = await lookedAfter({ incidents: [young], items, states: { "quell-test": "absent" } });

  assert.deepEqual([one.rows, other.rows], [[], []]);
});

test("an incident that older code opened and closed owes no row; one that is open has all its rows when it is closed", async () => {
  const closed = incidentWith({ decided: 1, terminal: "ESCALATED", closedAtMs: OPENED_MS });
  const items = decided([waiting, waiting]);

  const before = await lookedAfter({ ...ended, incidents: [closed], items });
  const now = await lookedAfter({ ...ended, incidents: [asked], items });

  assert.deepEqual([before.rows.length, now.rows.length], [0, 2]);
});

test("impact and people's time are measured from the service's own metrics, the decision's time to the end apart", async () => {
  const { ports, moveTo, told } = accountWith({ ...ended, incidents: [asked], items: decided([waiting]) });
  // A tenth of the requests fails until half an hour after the end; severity 2 counts half.
  const minutes = 60 + 8 * 60;
  const errors = Array.from({ length: minutes }, (_, minute) => (minute < 90 ? 10 : 0));
  const metrics = async () => [
    seriesOf(ERRORS, OPENED_MS, errors),
    seriesOf(REQUESTS, OPENED_MS, Array(minutes).fill(100)),
  ];

  await reconcile({ ...ports, evidence: { metrics } }, settings);
  moveTo(NOW_MS + HANDED_OVER_MS);
  await reconcile({ ...ports, evidence: { metrics } }, settings);

  const [row] = [...told.rows.values()];
  assert.ok(Math.abs((row?.impact_minutes ?? 0) - 60 * 0.05) < 1e-9, `${row?.impact_minutes}`);
  assert.ok(Math.abs((row?.handover_impact ?? 0) - (30 * 0.05) / 60) < 1e-3, `${row?.handover_impact}`);
});

test("an incident is closed though no row can be written, and the row is written when one can be", async () => {
  const { ports, told, incident } = accountWith({ ...ended, incidents: [asked], items: decided([waiting, waiting]) });
  const episodes = { append: () => Promise.reject(new Error("out of order")) };

  const without = await reconcile({ ...ports, episodes }, settings);
  const [closed, none] = [await incident("quell-test"), told.rows.size];
  const again = await reconcile(ports, settings);

  assert.deepEqual(
    [without.closed, without.failures, closed?.terminal],
    [1, ["the rows of quell-test: out of order"], "ESCALATED"],
  );
  assert.deepEqual([none, again.rows, told.rows.size], [0, 1, 1]);
});

test("a drill leaves no row, whoever ends it, and owes none", async () => {
  const drill = { ...asked, service: DRILL, alarmName: `shop-${DRILL}` };

  const { rows, incident, failures } = await lookedAfter({ ...ended, incidents: [drill], items: decided([waiting]) });

  const closed = await incident("quell-test");
  assert.deepEqual([rows, closed?.rows, closed?.terminal], [[], [0], "ESCALATED"]);
  assert.deepEqual(
    failures.map((done) => done.failures),
    [[], []],
  );
});

/** An execution that reconcile had taken for dead, at its next step. */
const returned = ({ ports }: Pick<ReturnType<typeof accountWith>, "ports">): Session =>
  ({
    ...{ settings, incidentId: "quell-test", ports: ports as unknown as Session["ports"] },
    journal: { step: (_name: string, body: () => Promise<unknown>) => body() },
  }) as unknown as Session;

describe("an execution that was taken for dead and comes back", () => {
  const stuck = { ...asked, startedAtMs: OPENED_MS - LONGEST_INCIDENT_MS };
  const { decision } = chapterWith();
  const until = { toMs: NOW_MS, end: "recovered" } as const;

  test("says what it knows as the next version of the row, and edits none", async () => {
    const account = await lookedAfter({ incidents: [stuck], items: { ...decided([decision]), ...noted() } });

    for (let tries = 0; tries < 2; tries += 1)
      await recordEpisode(returned(account), { decision, deed: recovered }, until);

    const rows = [...account.told.rows.values()];
    assert.deepEqual(
      rows.map(({ row_version, exit_status, recovered_by }) => [row_version, exit_status, recovered_by]),
      [
        [0, "unknown", "unknown"],
        [1, "succeeded", "action"],
      ],
    );
  });

  test("keeps the row that it wrote before reconcile came to it", async () => {
    const account = accountWith({ incidents: [stuck], items: decided([decision]) });
    await recordEpisode(returned(account), { decision, deed: recovered }, until);

    await reconcile(account.ports, settings);
    account.moveTo(NOW_MS + HANDED_OVER_MS);
    const { rows } = await reconcile(account.ports, settings);

    assert.deepEqual([rows, account.told.rows.size], [0, 1]);
    assert.equal([...account.told.rows.values()][0]?.exit_status, "succeeded");
  });
});

test("a step that was counted and never stored is owed no longer once nothing can be stored there", async () => {
  const one = endedBy({ terminal: "ESCALATED", decided: 2 });

  const { rows, incident } = await lookedAfter({ ...ended, incidents: [one], items: decided([waiting]) });

  assert.deepEqual([rows.length, (await incident("quell-test"))?.rows], [1, [0, 1]]);
});

test("rows are noted once, in the order of their steps, whoever notes them first", async () => {
  const { ledger, incident } = accountWith({ incidents: [asked] });

  for (const steps of [[1], [0, 1], [0], []]) await noteRows(ledger, "quell-test", steps);

  assert.deepEqual((await incident("quell-test"))?.rows, [0, 1]);
  assert.equal(ledger.items.get("incident#quell-test")?.version, 1 + 2);
});
