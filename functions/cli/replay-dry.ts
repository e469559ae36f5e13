import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import { createEngine, type Engine } from "../adapters/durable/engine.ts";
import { memoryEngineStore } from "../adapters/durable/memory-engine-store.ts";
import { simulatedClock } from "../adapters/simulated/clock.ts";
import { dryActuator, readyApprovals, silentPager } from "../adapters/simulated/dry.ts";
import { simulatedExecutions } from "../adapters/simulated/executions.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import type { Alarm } from "../core/alarm.ts";
import type { Decision } from "../core/decide.ts";
import { readIncident } from "../core/incident.ts";
import type { Clock, Drafter, Evidence, Ports, Scorer } from "../core/ports.ts";
import type { IncidentRecord } from "../core/record.ts";
import type { Settings } from "../core/settings.ts";
import { emptyTrackRecord } from "../core/track-record.ts";
import { intakeWith } from "../handlers/intake.ts";
import { respondWith } from "../handlers/respond.ts";
import { codeHash } from "./code-hash.ts";
import type { ReplayRow } from "./replay-report.ts";

/** An alarm of the past and what can be seen of it; `settings.horizonMs` is when that ends. */
export type PastIncident = Readonly<{
  alarm: Alarm;
  settings: Settings;
  evidence: (clock: Clock) => Evidence;
  drafter: Drafter;
}>;

/**
 * Lets the whole agent answer an alarm of the past on a clock of its own, to its end. Effects are only written down and
 * consents come at once. Throws where it ends without a record.
 */
export const answerDry = async (past: PastIncident, scorer: Scorer): Promise<ReplayRow> => {
  const { alarm, settings } = past;
  const clock = simulatedClock(alarm.changedAtMs);
  const ledger = simulatedLedger();
  const guard = loadGuardrails();
  const records: IncidentRecord[] = [];
  let engine: Engine;
  const executions = simulatedExecutions(() => engine);
  const ports: Ports = {
    evidence: past.evidence(clock),
    drafter: past.drafter,
    guardrails: cedarGuardrails(guard.policies, guard.schema),
    scorer,
    approvals: readyApprovals(clock, async (incidentId) => {
      const doorbell = (await readIncident(ledger, incidentId))?.doorbell ?? null;
      if (doorbell !== null) await executions.ring(doorbell);
    }),
    actuator: dryActuator,
    ledger,
    episodes: { append: async () => {} },
    // A recording knows nothing of what was tried before it.
    trackRecord: emptyTrackRecord,
    records: { put: async (record) => void records.push(record) },
    pager: silentPager,
    switch: { read: async () => "on" },
    clock,
    executions,
    catalogue,
    dryRun: true,
    codeHash: codeHash(),
  };
  engine = createEngine({ store: memoryEngineStore(), clock, handler: respondWith(ports, settings) });
  const taken = await intakeWith(ports, settings)({ kind: "incident", alarm });
  for (let dueMs: number | null = clock.nowMs(); dueMs !== null; dueMs = engine.nextDueMs()) {
    clock.moveTo(dueMs);
    await engine.runDue();
  }
  const record = records.at(-1);
  if (record === undefined) {
    const error = taken.incidentId === null ? null : engine.describe(taken.incidentId)?.error;
    throw new Error(`${alarm.key}: the replay ended without a record: ${error?.message ?? taken.because}`);
  }
  return { record, saw: await sawIn(ports, record) };
};

/** What the first decision rested on: why its best runbook suits, where one does, else the state of the SLIs. */
const sawIn = async ({ ledger }: Ports, record: IncidentRecord): Promise<string | null> => {
  const decision = (await ledger.read(`decision#${record.incident.id}/0`))?.item as unknown as Decision | undefined;
  const effect = decision?.weighed.find(
    ({ verdict: { candidate } }) => candidate.target !== null && candidate.because !== "",
  );
  return effect?.verdict.candidate.because ?? decision?.facts[1] ?? null;
};
