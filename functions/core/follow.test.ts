import assert from "node:assert/strict";
import { test } from "node:test";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import type { AlarmSnapshot } from "./evidence.ts";
import { incidentWith, OPENED_MS, runbookWith, snapshotWith } from "./example.fixture.ts";
import type { Effect } from "./execute.ts";
import { follow } from "./follow.ts";
import { createIncident, type Incident } from "./incident.ts";
import type { Session } from "./session.ts";
import type { Run } from "./stages.ts";

const effect = { executionId: "run-1", atMs: OPENED_MS } as Effect;
const run = (status: Run["status"]): Run => ({
  ...{ executionId: "run-1", status, failedStep: null, reason: null, outputs: {} },
  ...{ startedAtMs: OPENED_MS, endedAtMs: null },
});

/** Follows a run of three polls whose runbook is to stop once its alarms recover; says how often it was told to. */
const stops = async (incident: Incident, alarms: readonly AlarmSnapshot[]): Promise<number> => {
  const ledger = simulatedLedger();
  await createIncident(ledger, incident);
  let polls = 0;
  let stopped = 0;
  const ports = {
    ledger,
    clock: { nowMs: () => OPENED_MS + polls * 1000 },
    evidence: { alarms: async () => alarms },
    actuator: {
      poll: async () => {
        polls += 1;
        return run(polls < 3 ? "running" : "succeeded");
      },
      stop: async () => {
        stopped += 1;
      },
    },
  };
  const journal = {
    step: <T>(_name: string, body: () => Promise<T>) => body(),
    doze: async () => "timed-out" as const,
  };
  const session = { ports, journal, incidentId: incident.id } as unknown as Session;
  await follow(session, "run", effect, runbookWith({ whenRecovered: "stop" }));
  return stopped;
};

const [one, two] = ["a", "b"].map((key) => snapshotWith({ key, state: "OK" }));
const ok = (...alarms: readonly (AlarmSnapshot | undefined)[]) => alarms.filter((alarm) => alarm !== undefined);
const CASES: readonly (readonly [string, Incident, readonly AlarmSnapshot[], boolean])[] = [
  ["all of its alarms are OK", incidentWith({ keys: ["a", "b"] }), ok(one, two), true],
  ["one is OK and the other was deleted", incidentWith({ keys: ["a", "b"], gone: { b: 1 } }), ok(one), true],
  ["one is OK and the other cannot be read", incidentWith({ keys: ["a", "b"] }), ok(one), false],
  ["every alarm was deleted", incidentWith({ keys: ["a"], gone: { a: 1 } }), [], false],
];
for (const [what, incident, alarms, stopsIt] of CASES)
  test(`a run that is to stop on recovery ${stopsIt ? "is stopped" : "goes on"} when ${what}`, async () => {
    const stopped = await stops(incident, alarms);

    assert.equal(stopped > 0, stopsIt);
  });
