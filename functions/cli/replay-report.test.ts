import assert from "node:assert/strict";
import { it } from "node:test";
import { because } from "../core/reasons.ts";
import type { CandidateRecord, DecisionRecord, IncidentRecord } from "../core/record.ts";
import { replayReport } from "./replay-report.ts";

const candidate = (runbook: string, change: Partial<CandidateRecord> = {}): CandidateRecord => ({
  runbook,
  version: "1",
  target: null,
  params: {},
  source: "rules",
  verdict: "allowed",
  because: null,
  doubt: null,
  tier: 0,
  consents: 0,
  features: [],
  q: null,
  probability: 0,
  ...{ kind: null, expectedMinutes: null, outlook: null, overPage: null, upliftOverWait: null, similarRuns: null },
  ...change,
});

const decision = (change: Partial<DecisionRecord>): DecisionRecord => ({
  step: 0,
  decidedAt: "2026-01-05T10:04:40.989Z",
  mode: "observe",
  policy: "rules",
  ...{ severity: 2, draw: "best", limits: null, runnerUp: null },
  context: { digest: "", redactions: {}, missing: [], cut: [], flaps: 0, restraint: null },
  drafter: {
    ...{ name: "offline", because: null, model: null, modelBecause: null },
    ...{ inputTokens: 0, outputTokens: 0, usd: 0, hypotheses: [] },
  },
  candidates: [],
  choice: null,
  abstention: null,
  plan: null,
  consent: null,
  refusal: null,
  outcome: { kind: "observed", afterSeconds: 0 },
  ...change,
});

const incident = (alarmName: string, decisions: readonly DecisionRecord[]): IncidentRecord => ({
  schema: 1,
  incident: {
    id: "quell-a",
    key: `1/eu-west-1/${alarmName}`,
    alarmName,
    account: "1",
    region: "eu-west-1",
    service: "checkout",
    environment: "production",
    severity: 2,
    openedAt: "2026-01-05T10:04:40.989Z",
    closedAt: "2026-01-05T10:14:40.989Z",
  },
  terminal: "ESCALATED",
  because: because("page", "Nothing fits."),
  hashes: { model: "", guardrails: "", catalogue: "", features: "", prompt: "", code: "" },
  effects: [],
  decisions,
});

const restart = { target: "arn:aws:ecs:eu-west-1:1:service/main/checkout" };

it("a replayed incident is one aligned row of what was seen, proposed, refused and how it ended", () => {
  const weighed = decision({
    candidates: [
      candidate("restart", restart),
      candidate("reboot", { ...restart, verdict: "refused", because: because("blast-radius", "Too wide.") }),
    ],
    choice: { asks: null, candidate: 0 },
  });
  const abstained = decision({ abstention: { because: because("low-support", "Seen too rarely.") } });
  const rows = [
    { record: incident("checkout 5xx", [weighed, abstained]), saw: "5xx rose from 0 to 12" },
    { record: incident("lag", []), saw: null },
  ];

  const report = replayReport(rows);

  assert.equal(
    report,
    [
      "alarm         decisions  saw                    proposed                                    refused                         terminal",
      "checkout 5xx  2          5xx rose from 0 to 12  restart checkout > abstained (low-support)  reboot checkout (blast-radius)  ESCALATED",
      "lag           0          -                      -                                           -                               ESCALATED",
      "",
    ].join("\n"),
  );
});

it("no word of an alarm or of telemetry controls the terminal or breaks the row", () => {
  const record = incident("red\u001b[31m\nalarm", []);

  const report = replayReport([{ record, saw: `${"x".repeat(500)}\u202e` }]);

  assert.equal(report.split("\n").length, 3);
  assert.match(report, /^[\x20-\x7e\n]*$/);
  assert.ok(report.split("\n").every((line) => line.length < 200));
});
