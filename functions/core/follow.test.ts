import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PAYLOAD_LIMIT_BYTES } from "../adapters/durable/payload.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import type { AlarmSnapshot } from "./evidence.ts";
import { documentOf, incidentWith, OPENED_MS, runbookWith, snapshotWith } from "./example.fixture.ts";
import type { Effect } from "./execute.ts";
import { type Followed, follow } from "./follow.ts";
import { createIncident, type Incident } from "./incident.ts";
import type { Json } from "./json.ts";
import type { Runbook } from "./runbook.ts";
import type { Session } from "./session.ts";
import type { Run } from "./stages.ts";

const effect = { executionId: "run-1", atMs: OPENED_MS } as Effect;
const run = (status: Run["status"]): Run => ({
  ...{ executionId: "run-1", status, failedStep: null, reason: null, outputs: {} },
  ...{ startedAtMs: OPENED_MS, endedAtMs: null },
});

type Seen = Readonly<{ run: Followed; stopped: number; steps: readonly Json[] }>;

/** Follows a run of three polls to what it shows at its end; says how often it was told to stop, and what was kept. */
const following = async (
  runbook: Runbook,
  incident: Incident,
  alarms: readonly AlarmSnapshot[],
  end: Run = run("succeeded"),
  readAlarms: () => Promise<readonly AlarmSnapshot[]> = async () => alarms,
): Promise<Seen> => {
  const ledger = simulatedLedger();
  await createIncident(ledger, incident);
  let polls = 0;
  let stopped = 0;
  const ports = {
    ledger,
    clock: { nowMs: () => OPENED_MS + polls * 1000 },
    evidence: { alarms: readAlarms },
    actuator: {
      poll: async () => {
        polls += 1;
        return polls < 3 ? { ...end, status: "running" } : end;
      },
      stop: async () => {
        stopped += 1;
      },
    },
  };
  const steps: Json[] = [];
  const journal = {
    step: async <T extends Json>(_name: string, body: () => Promise<T>) => {
      const result = await body();
      steps.push(result);
      return result;
    },
    doze: async () => "timed-out" as const,
  };
  const session = { ports, journal, incidentId: incident.id } as unknown as Session;
  return { run: await follow(session, "run", effect, runbook), stopped, steps };
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
    const { stopped } = await following(runbookWith({ whenRecovered: "stop" }), incident, alarms);

    assert.equal(stopped > 0, stopsIt);
  });

/** A runbook whose undo takes these parameters. */
const undoneBy = (...parameters: readonly string[]): Runbook =>
  runbookWith({ documents: { automation: documentOf("run"), undo: documentOf("undo", parameters) } });
const ending = async (runbook: Runbook, end: Partial<Run>): Promise<Seen> =>
  following(runbook, incidentWith(), [], { ...run("failed"), ...end });

const names = fc.constantFrom("A.Before", "B.Before", "A.Count", "A.Noise", "Before", "x.y.Count", "__proto__.Before");
const texts = fc.oneof(
  fc.string({ maxLength: 2100, unit: "binary" }),
  fc
    .tuple(fc.constantFrom("a", "\u0000", "\ud83d", "\u20ac"), fc.constantFrom(1, 2000, 2040, 2048, 300_000))
    .map(([character, times]) => character.repeat(times)),
);

test("whatever a run says, every step of following it is kept, an output comes whole or not at all, and what is lost is told", async () => {
  const outputs = fc.oneof(
    fc.dictionary(names, texts),
    fc
      .tuple(fc.integer({ min: 0, max: 400 }), texts)
      .map(([count, text]) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`Step${i}.Before`, text]))),
  );
  const said = fc.record({ outputs, reason: fc.option(texts), failedStep: fc.option(texts) });

  await fc.assert(
    fc.asyncProperty(said, async (end) => {
      const seen = await ending(undoneBy("Before", "Count"), end);

      for (const step of seen.steps) assert.ok(Buffer.byteLength(JSON.stringify(step)) <= PAYLOAD_LIMIT_BYTES);
      assert.ok((seen.run.reason?.length ?? 0) <= 300 && (seen.run.failedStep?.length ?? 0) <= 128);
      for (const [name, value] of Object.entries(seen.run.outputs)) assert.equal(value, end.outputs[name]);
      for (const parameter of ["Before", "Count"]) {
        const shown = Object.keys(end.outputs).filter((name) => name.split(".")[1] === parameter);
        const isWhole = shown.every((name) => Object.hasOwn(seen.run.outputs, name));
        assert.equal(seen.run.lost.includes(parameter), !isWhole, parameter);
      }
    }),
    { numRuns: 150 },
  );
});

const TAKEN = "a".repeat(2048 - "A.Before".length);
const KEPT: readonly (readonly [string, Run["outputs"], readonly string[], readonly string[]])[] = [
  ["as long as may be", { "A.Before": TAKEN }, ["A.Before"], []],
  ["one character longer", { "A.Before": `${TAKEN}a`, "A.Count": "4" }, ["A.Count"], ["Before"]],
  ["that the undo does not take", { "A.Noise": "x", "A.Before": "3" }, ["A.Before"], []],
  ["of that name without a step", { Before: "3" }, [], []],
];
for (const [what, outputs, kept, lost] of KEPT)
  test(`of outputs, one ${what}: kept are ${kept.join() || "none"}, lost ${lost.join() || "none"}`, async () => {
    const { run } = await ending(undoneBy("Before", "Count"), { outputs });

    assert.deepEqual([Object.keys(run.outputs), run.lost], [kept, lost]);
  });

test("a run without an undo keeps no output, and loses none", async () => {
  const { run } = await ending(runbookWith({ documents: null }), { outputs: { "A.Before": "3" } });

  assert.deepEqual([run.outputs, run.lost], [{}, []]);
});

test("a run is followed to its end though its alarms cannot be read", async () => {
  const denied = async () => Promise.reject(new Error("AccessDenied"));
  const stopping = runbookWith({ whenRecovered: "stop" });

  const seen = await following(stopping, incidentWith({ keys: ["a"] }), [], run("succeeded"), denied);

  assert.deepEqual([seen.run.status, seen.stopped], ["succeeded", 0]);
});
