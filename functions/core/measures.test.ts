import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chapter } from "./chapter.ts";
import { DRILL } from "./drill.ts";
import {
  API_ARN,
  allow,
  candidateWith,
  catalogue,
  chapterWith,
  decisionFor,
  deedWith,
  incidentWith,
  MINUTE_MS,
  OPENED_MS,
  PAGE,
  refuse,
  WAIT,
} from "./example.fixture.ts";
import type { Effect } from "./execute.ts";
import type { Incident } from "./incident.ts";
import { measuresOf } from "./measures.ts";
import { because, type Terminal } from "./reasons.ts";
import { incidentRecord } from "./record.ts";

const effect: Effect = {
  ...{ key: "k", role: "run", attempt: 1, step: 0, runbook: "restart", target: API_ARN, root: "r", planHash: "p" },
  ...{ fence: 1, atMs: OPENED_MS, executionId: "e", dryRun: false },
};
const asked = decisionFor([
  [allow(candidateWith(), { tier: 1, consents: 1 }), 0.9],
  [allow(WAIT), 0.3],
  [allow(PAGE), 0.5],
]);
const abstained = decisionFor([
  [refuse(candidateWith()), 0.9],
  [allow(PAGE), Number.NaN],
]);

const measured = (
  terminal: Terminal,
  chapters: readonly Chapter[],
  effects: readonly Effect[] = [],
  incident: Partial<Incident> = {},
): Readonly<Record<string, number>> => {
  const ports = { guardrails: { hash: "g" }, catalogue, scorer: { modelHash: "m" }, codeHash: "c" };
  const ending = { terminal, because: because("recovered", ""), atMs: OPENED_MS + 12 * MINUTE_MS };
  const record = incidentRecord(ports, incidentWith(incident), ending, chapters, effects);
  return Object.fromEntries(
    measuresOf(record).map(({ name, value, dimensions }) => [[name, ...Object.values(dimensions)].join(" "), value]),
  );
};

test("an incident that an effect resolved counts its decisions, consents, effects and its minutes to recovery", () => {
  const consent = { by: "people", people: ["ana"], atMs: OPENED_MS } as const;
  const drafter = { ...asked.drafter, inputTokens: 900, outputTokens: 100, usd: 0.02 };
  const acted = { decision: { ...asked, drafter }, deed: deedWith({ consent, exit: "succeeded" }) };

  const counts = measured("RESOLVED", [acted], [effect]);

  assert.deepEqual(counts, {
    "Incidents RESOLVED": 1,
    Decisions: 1,
    ConsentsAsked: 1,
    ConsentsGiven: 1,
    Effects: 1,
    Undos: 0,
    "RecoveryMinutes RESOLVED": 12,
    Tokens: 1000,
    CostUSD: 0.02,
  });
});

test("an undo is no second effect, what was only written down is none, and where nothing recovered no time is told", () => {
  const undone = measured("ROLLED_BACK", [chapterWith()], [effect, { ...effect, key: "u", role: "undo" }]);
  const dry = measured("ESCALATED", [chapterWith()], [{ ...effect, dryRun: true }]);

  assert.deepEqual([undone.Effects, undone.Undos, dry.Effects, dry.Undos], [1, 1, 0, 0]);
  assert.ok(Object.keys({ ...undone, ...dry }).every((name) => !name.startsWith("RecoveryMinutes")));
});

test("abstentions are counted by their reason", () => {
  const abstention = { decision: abstained, deed: deedWith() };
  const code = abstained.result.kind === "abstained" ? abstained.result.because.code : "";

  const counts = measured("ESCALATED", [abstention, abstention]);

  assert.equal(counts[`Abstentions ${code}`], 2);
  assert.equal(counts.ConsentsAsked, 0);
});

test("in observe mode nobody is asked, whatever the guard would have wanted", () => {
  const counts = measured("ESCALATED", [{ decision: { ...asked, mode: "observe" }, deed: deedWith() }]);

  assert.equal(counts.ConsentsAsked, 0);
});

test("of a drill there is one number, and of an alarm that only bears its name all the others", () => {
  const drill = measured("SELF_RECOVERED", [], [], { service: DRILL, alarmName: `shop-${DRILL}` });
  const named = measured("SELF_RECOVERED", [], [], { service: "api", alarmName: `shop-${DRILL}` });

  assert.deepEqual(drill, { DrillsCompleted: 1 });
  assert.equal(named.DrillsCompleted, undefined);
});
