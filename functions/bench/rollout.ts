import { catalogue } from "../../runbooks/catalogue.ts";
import { documentsOf } from "../adapters/simulated/actuator.ts";
import { simulatedClock } from "../adapters/simulated/clock.ts";
import { simulatedEvidence } from "../adapters/simulated/evidence.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { simulatedSwitch } from "../adapters/simulated/switch.ts";
import { type Decision, decide } from "../core/decide.ts";
import { gatherContext } from "../core/gather.ts";
import { incidentId } from "../core/ids.ts";
import { findRunbook } from "../core/runbook.ts";
import type { Tried } from "../core/stages.ts";
import { startAutomation } from "../world/runs.ts";
import { scenarioAt } from "../world/scenario.ts";
import type { World } from "../world/state.ts";
import { advance } from "../world/world.ts";
import { firstAlarm } from "./first-alarm.ts";
import { guardrails, offline, scorerNamed } from "./fixed-ports.ts";
import { type Measured, rate } from "./measured.ts";

const SEED = 3;
const WARM_UP_WORLDS = 40;
const WORLDS = 200;
const LEAST_PER_SECOND = 3000;
/** Between two decisions of one incident, as after a `wait`. */
const LOOK_AGAIN_MS = 5 * 60_000;
const DOCUMENTS = documentsOf(catalogue);

type Counted = Readonly<{ decisions: number; worldMs: number }>;

/** What was chosen happens to the world; false where it hands over to people, which ends a rollout. */
const happens = (world: World, { result, decisionId }: Decision): boolean => {
  if (result.kind === "abstained") return result.falls === "wait";
  const { runbook: id, version, params } = result.candidate;
  const runbook = findRunbook(catalogue, id, version);
  const document = runbook?.documents?.automation;
  if (document === undefined) return runbook?.kind === "wait";
  const { name: documentName, hash: documentHash } = document;
  const request = { documentName, documentHash, parameters: params, clientToken: decisionId, tags: {} };
  startAutomation(world, DOCUMENTS, request);
  return true;
};

/** One world without journal, people and records: decide and let it happen until all is well or people take over. */
const rollOut = async (index: number): Promise<Counted> => {
  const startMs = performance.now();
  const alarmed = firstAlarm(scenarioAt(SEED, index));
  if (alarmed === null) return { decisions: 0, worldMs: performance.now() - startMs };
  const { world, settings, alarm } = alarmed;
  const service = settings.services.find(({ name }) => name === settings.alarms[alarm.alarmName]);
  if (service === undefined) throw new Error(`${alarm.alarmName}: no service has this alarm`);
  let worldMs = performance.now() - startMs;
  const clock = simulatedClock(world.nowMs);
  const evidence = simulatedEvidence(world);
  const ports = {
    ...{ drafter: offline, guardrails, scorer: scorerNamed("uniform"), ledger: simulatedLedger() },
    ...{ switch: simulatedSwitch(() => "on"), clock, catalogue },
  };
  const subject = {
    incidentId: incidentId(alarm.key, alarm.changedAtMs),
    keys: [alarm.key],
    openedAtMs: alarm.changedAtMs,
    service: service.name,
    alarmMetrics: alarm.metrics,
    words: [],
    rings: {},
    storm: false,
  };
  const tried: Tried[] = [];
  for (let step = 0; step < settings.decisionsPerIncident; step += 1) {
    const at = { nowMs: world.nowMs, step, tried };
    const context = await gatherContext(evidence, settings, service, subject, at);
    if (context.alarms.every(({ state }) => state === "OK")) return { decisions: step, worldMs };
    const decision = await decide(ports, settings, "auto", context);
    const worldStartMs = performance.now();
    const goesOn = happens(world, decision);
    advance(world, world.nowMs + LOOK_AGAIN_MS);
    worldMs += performance.now() - worldStartMs;
    if (!goesOn) return { decisions: step + 1, worldMs };
    clock.moveTo(world.nowMs);
    const { result } = decision;
    const { runbook = "", target = null } = result.kind === "chosen" ? result.candidate : {};
    tried.push({ step, runbook, target, outcome: "not-recovered" });
  }
  return { decisions: settings.decisionsPerIncident, worldMs };
};

/**
 * Decisions a second on one core as training makes them: worlds of drawn faults from their beginning (70 minutes of
 * history included), the uniform policy, five simulated minutes between decisions.
 */
export const rollouts = async (): Promise<readonly Measured[]> => {
  for (let index = 0; index < WARM_UP_WORLDS; index += 1) await rollOut(index);
  let decisions = 0;
  let worldMs = 0;
  const startMs = performance.now();
  for (let index = 0; index < WORLDS; index += 1) {
    const counted = await rollOut(WARM_UP_WORLDS + index);
    decisions += counted.decisions;
    worldMs += counted.worldMs;
  }
  const tookMs = performance.now() - startMs;
  return [
    rate("world + features + guard + choose, decisions", decisions, tookMs, LEAST_PER_SECOND),
    rate("  of that without the world", decisions, tookMs - worldMs, null),
    rate("  of that the world alone", decisions, worldMs, null),
  ];
};
