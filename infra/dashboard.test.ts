import assert from "node:assert/strict";
import { test } from "node:test";
import { measuresOf } from "../functions/core/measures.ts";
import type { IncidentRecord } from "../functions/core/record.ts";
import { resourcesOf, synthesized } from "./synth.fixture.ts";

const decision = (changes: object) => ({
  ...{ mode: "approve", choice: null, plan: null, candidates: [], consent: null, abstention: null },
  drafter: { inputTokens: 1, outputTokens: 1, usd: 0.1 },
  ...changes,
});

/** An incident in which everything happened that is counted. */
const eventful = {
  incident: {
    alarmName: "a",
    service: "s",
    openedAt: "2026-01-05T00:00:00.000Z",
    closedAt: "2026-01-05T00:10:00.000Z",
  },
  terminal: "RESOLVED",
  effects: [{ step: 0, dryRun: false }],
  decisions: [decision({ abstention: { because: { code: "no-model" } } })],
} as unknown as IncidentRecord;

test("whatever a record counts is on the dashboard, under the name and the dimensions that it is counted by", () => {
  const [board] = resourcesOf(synthesized().agent, "AWS::CloudWatch::Dashboard");
  // Parts of the body are references, between which it stands as escaped text.
  const shown = JSON.stringify(board?.Properties.DashboardBody ?? "").replaceAll("\\", "");

  const missing = measuresOf(eventful).filter(({ name, dimensions }) => {
    const named = ["Quell", name, ...Object.entries(dimensions).flat()].map((part) => `"${part}"`).join(",");
    return !shown.includes(named);
  });

  assert.ok(measuresOf(eventful).length >= 10);
  assert.deepEqual(missing, []);
});
