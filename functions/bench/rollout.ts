import { join } from "node:path";
import { catalogue } from "../../runbooks/catalogue.ts";
import { documentsOf } from "../adapters/simulated/actuator.ts";
import { simulatedClock } from "../adapters/simulated/clock.ts";
import { simulatedEvidence } from "../adapters/simulated/evidence.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { simulatedSwitch } from "../adapters/simulated/switch.ts";
import { type Deliberation, deliberate } from "../core/decide.ts";
import { gatherContext } from "../core/gather.ts";
import { incidentId } from "../core/ids.ts";
import type { Evidence } from "../core/ports.ts";
import { findRunbook } from "../core/runbook.ts";
import type { Tried } from "../core/stages.ts";
import { emptyTrackRecord } from "../core/track-record.ts";
import { withoutLogs } from "../rollout/days/without-logs.ts";
import { startAutomation } from "../world/runs.ts";
import { scenarioAt } from "../world/scenario.ts";
import type { World } from "../world/state.ts";
import { advance } from "../world/world.ts";
import { firstAlarm } from "./first-alarm.ts";
import { guardrails, offline, scorerNamed } from "./fixed-ports.ts";
import { type Measured, part, rate } from "./measured.ts";
import { grouped, profileOf, timeByFile } from "./profile.ts";

const SEED = 3;
/** So many that the compiler is done with the code: training runs for hours. */
const WARM_UP_WORLDS = 400;
const WORLDS = 600;
const PROFILED_WORLDS = 200;
const FILES_SHOWN = 10;
const LEAST_PER_SECOND = 3000;
/** Between two decisions of one incident, as after a `wait`. */
const LOOK_AGAIN_MS = 5 * 60_000;
const DOCUMENTS = documentsOf(catalogue);
const ROOT = join(import.meta.dirname, "..", "..");

type Counted = Readonly<{ decisions: number; worldMs: number }>;

/** Adds up the time of what is called through it. */
const stopwatch = () => {
  let totalMs = 0;
  return {
    totalMs: () => totalMs,
    time: <T>(work: () => T): T => {
      const startMs = performance.now();
      try {
        return work();
      } finally {
        totalMs += performance.now() - startMs;
      }
    },
  };
};
type Stopwatch = ReturnType<typeof stopwatch>;

/** Reading the simulated cloud is done when the call returns: its time is the world's, not the decision's. */
const timedEvidence = (evidence: Evidence, { time }: Stopwatch): Evidence => ({
  alarms: (...asked) => time(() => evidence.alarms(...asked)),
  metrics: (...asked) => time(() => evidence.metrics(...asked)),
  logs: (...asked) => time(() => evidence.logs(...asked)),
  changes: (...asked) => time(() => evidence.changes(...asked)),
  resources: (...asked) => time(() => evidence.resources(...asked)),
  history: (...asked) => time(() => evidence.history(...asked)),
});

/** What was chosen happens to the world; false where it hands over to people, which ends a rollout. */
const happens = (world: World, { result, decisionId }: Deliberation): boolean => {
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
  const inWorld = stopwatch();
  const alarmed = inWorld.time(() => firstAlarm(scenarioAt(SEED, index)));
  if (alarmed === null) return { decisions: 0, worldMs: inWorld.totalMs() };
  const { world, alarm } = alarmed;
  const settings = withoutLogs(alarmed.settings);
  const service = settings.services.find(({ name }) => name === settings.alarms[alarm.alarmName]);
  if (service === undefined) throw new Error(`${alarm.alarmName}: no service has this alarm`);
  const clock = simulatedClock(world.nowMs);
  const evidence = timedEvidence(simulatedEvidence(world), inWorld);
  const ports = {
    ...{ drafter: offline, guardrails, scorer: scorerNamed("uniform"), ledger: simulatedLedger() },
    ...{ switch: simulatedSwitch(() => "on"), clock, catalogue, trackRecord: emptyTrackRecord },
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
  let decisions = 0;
  for (let goesOn = true; goesOn && decisions < settings.decisionsPerIncident; decisions += 1) {
    const at = { nowMs: world.nowMs, step: decisions, tried };
    const context = await gatherContext(evidence, settings, service, subject, at);
    if (context.alarms.every(({ state }) => state === "OK")) break;
    const deliberation = await deliberate(ports, settings, "auto", context);
    goesOn = inWorld.time(() => {
      const isOurs = happens(world, deliberation);
      advance(world, world.nowMs + LOOK_AGAIN_MS);
      return isOurs;
    });
    clock.moveTo(world.nowMs);
    const { result } = deliberation;
    const { runbook = "", target = null } = result.kind === "chosen" ? result.candidate : {};
    tried.push({ step: decisions, runbook, target, outcome: "not-recovered" });
  }
  return { decisions, worldMs: inWorld.totalMs() };
};

/** The folder in which a file decides, reads or breaks something; V8's own names stay. */
const folderOf = (place: string): string => /^functions\/[^/]+|^[^/]+/.exec(place)?.[0] ?? place;

/** Where the time of rollouts goes: first by folder, then the files that take most of it. */
const bounds = async (): Promise<readonly Measured[]> => {
  const profile = await profileOf(async () => {
    for (let index = 0; index < PROFILED_WORLDS; index += 1) await rollOut(WARM_UP_WORLDS + index);
  });
  const files = timeByFile(profile, ROOT);
  return [
    ...grouped(files, folderOf).map(({ place, share }) => part(`  time in ${place}`, share)),
    ...files.slice(0, FILES_SHOWN).map(({ place, share }) => part(`    ${place}`, share)),
  ];
};

/**
 * Decisions a second on one core as training makes them: worlds of drawn faults from their beginning (70 minutes of
 * history included), all that a feature or the mask reads, the uniform policy, five simulated minutes between decisions.
 * A profile of some of the same worlds says what bounds it.
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
    rate("world + features + mask + choose, decisions", decisions, tookMs, LEAST_PER_SECOND),
    rate("  of that the world, read and played", decisions, worldMs, null),
    rate("  of that the bare decision", decisions, tookMs - worldMs, null),
    ...(await bounds()),
  ];
};
