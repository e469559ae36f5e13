import assert from "node:assert/strict";
import { test } from "node:test";
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
import { incidentReport, plainReport } from "./incident-report.ts";
import type { Ports } from "./ports.ts";
import { because } from "./reasons.ts";
import { type IncidentRecord, incidentRecord } from "./record.ts";

const ports: Pick<Ports, "guardrails" | "catalogue" | "scorer" | "codeHash"> = {
  guardrails: { hash: "g", ask: () => Promise.reject(new Error("not asked")) },
  catalogue,
  scorer: { policy: "rules", modelHash: "m", draw: "best", score: async () => [] },
  codeHash: "c",
};
const effect: Effect = {
  ...{ key: "k", role: "run", attempt: 1, step: 0, runbook: "restart", target: API_ARN, root: "r", planHash: "p" },
  ...{ fence: 1, atMs: OPENED_MS + 12 * MINUTE_MS, executionId: "e", dryRun: false },
};
const undone = chapterWith(
  {
    consent: { by: "people", people: ["ana", "ben"], atMs: OPENED_MS + 11 * MINUTE_MS },
    ...{ exit: "succeeded", undone: true },
    outcome: { kind: "rolled-back", afterSeconds: 600, worse: false },
  },
  { missing: [{ source: "logs", because: "throttled" }] },
);
const abstained = {
  decision: decisionFor(
    [
      [refuse(candidateWith(), "breaker-open"), 9],
      [allow(WAIT), 0.3],
      [allow(PAGE), 0.5],
    ],
    { step: 1, decidedAtMs: OPENED_MS + 21 * MINUTE_MS },
  ),
  deed: deedWith({ outcome: { kind: "paged", afterSeconds: 0 } }),
};
const record = incidentRecord(
  ports,
  incidentWith(),
  { terminal: "ROLLED_BACK", because: because("paged", "a person is asked"), atMs: OPENED_MS + 22 * MINUTE_MS },
  [undone, abstained],
  [effect],
);
const sectionOf = (of: IncidentRecord, heading: string): readonly string[] => {
  const text = plainReport(incidentReport(of));
  const section = text.split("\n\n").find((one) => one.startsWith(`${heading}\n`));
  return (section ?? "").trim().split("\n").slice(1);
};

test("a report tells what happened, and how it ended", () => {
  const text = plainReport(incidentReport(record));

  assert.ok(text.startsWith("ROLLED_BACK: api-5xx of api\n"));
  assert.deepEqual(sectionOf(record, "What happened"), [
    "- the alarm api-5xx of api rang in production, severity 2, in 123456789012/eu-west-1",
    "- it ended ROLLED_BACK after 22 min and 2 decisions: a person is asked",
  ]);
});

test("its timeline is in the order of time, and every moment is there once", () => {
  const lines = sectionOf(record, "When");

  const times = lines.map((line) => line.slice(2, 26));
  assert.deepEqual(times, times.toSorted());
  assert.deepEqual(
    lines.map((line) => line.slice(27)),
    [
      "the alarm rang",
      `decision 0: chose restart@1.0.0 on ${API_ARN}`,
      "decision 0 was approved",
      `started restart on ${API_ARN}`,
      "decision 0 came to: it did not help and was taken back",
      "decision 1: nothing was chosen: all-refused",
      "decision 1 came to: a person was called",
      "closed as ROLLED_BACK",
    ],
  );
});

test("it tells what came second and what was refused, each with its reason", () => {
  const lines = sectionOf(record, "What was decided, and why").join("\n");

  assert.match(lines, /decision 0, second: page@1\.0\.0, lower value/);
  assert.match(lines, /decision 1, refused: restart@1\.0\.0 on \S+ \(breaker-open\)/);
});

test("it tells what was done with which parameters, who consented, and what could not be read", () => {
  assert.deepEqual(sectionOf(record, "What was done, and undone"), [
    `- started restart on ${API_ARN} at 2026-01-05T10:12:00.000Z: it did not help and was taken back`,
    '- with Service = "api"',
  ]);
  assert.deepEqual(sectionOf(record, "Who consented"), ["- decision 0: ana, ben at 2026-01-05T10:11:00.000Z"]);
  assert.deepEqual(sectionOf(record, "What was missing"), ["- decision 0: logs could not be read: throttled"]);
});

test("it tells how a plan that ran departs from infrastructure as code, and nothing where none does", () => {
  const [first, second] = record.decisions;
  const drift = "desiredCount is 6, the template says 4";
  const drifted = {
    ...record,
    decisions: [{ ...first, plan: first?.plan == null ? null : { ...first.plan, drift } }, second],
  } as IncidentRecord;
  const heading = "What departs from infrastructure as code";

  assert.deepEqual(sectionOf(drifted, heading), [`- decision 0: ${drift}`]);
  assert.deepEqual(sectionOf({ ...drifted, effects: [] }, heading), []);
});

test("an incident in which nothing was decided or done has a report too", () => {
  const quiet = { ...record, decisions: [], effects: [] };

  const text = plainReport(incidentReport(quiet));

  assert.match(text, /after 22 min and 0 decisions/);
  assert.deepEqual(sectionOf(quiet, "What was done, and undone"), ["- nothing was changed"]);
});

test("a rejection is told with who rejected, and a consent that nobody had to give as such", () => {
  const refusal = { kind: "rejected", by: "cat", atMs: OPENED_MS + 11 * MINUTE_MS, note: "no" } as const;
  const outcome = { kind: "refused-by-people", afterSeconds: 5, refusal } as const;
  const byPolicy = { by: "policy", people: [], atMs: OPENED_MS + 11 * MINUTE_MS } as const;
  const chapters = [chapterWith({ refusal, outcome }), chapterWith({ consent: byPolicy }, { step: 1 })];
  const ending = {
    terminal: "REJECTED",
    because: because("rejected", "no"),
    atMs: OPENED_MS + 12 * MINUTE_MS,
  } as const;

  const rejected = incidentRecord(ports, incidentWith(), ending, chapters, []);

  assert.deepEqual(sectionOf(rejected, "Who consented"), [
    "- decision 0: rejected by cat at 2026-01-05T10:11:00.000Z",
    "- decision 1: nobody had to, by the guardrails",
  ]);
});

const nasty = "![x](https://evil.example/?d=1) @everyone <img src=x>";

/** Every text of a record replaced; numbers, times, and codes out of closed lists kept. */
const reworded = (of: IncidentRecord): IncidentRecord =>
  JSON.parse(JSON.stringify(of), (key, value: unknown) =>
    typeof value === "string" && OTHERS.has(key) ? nasty : value,
  ) as IncidentRecord;
const OTHERS: ReadonlySet<string> = new Set([
  ...[
    "alarmName",
    "service",
    "environment",
    "account",
    "region",
    "id",
    "key",
    "detail",
    "runbook",
    "version",
    "target",
  ],
  ...["lost", "because", "policy", "name", "drift", "model", "guardrails", "catalogue", "by"],
]);

test("whatever a record quotes stands in a part of its own, never among our words", () => {
  const { title, sections } = incidentReport(reworded(record));

  const ours = [title, ...sections.flatMap(({ lines }) => lines)]
    .flat()
    .filter((part): part is string => typeof part === "string");
  assert.ok(ours.length > 20);
  assert.deepEqual(
    ours.filter((text) => text.includes("evil") || text.includes("@everyone")),
    [],
  );
});
