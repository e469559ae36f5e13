import { catalogue } from "../../runbooks/catalogue.ts";
import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import type { OpenModel } from "../adapters/onnx/open-model.ts";
import { simulatedClock } from "../adapters/simulated/clock.ts";
import { dryActuator, readyApprovals, silentPager } from "../adapters/simulated/dry.ts";
import { simulatedEvidence } from "../adapters/simulated/evidence.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { simulatedSwitch } from "../adapters/simulated/switch.ts";
import { decideNow } from "../core/decide-now.ts";
import { draftOffline } from "../core/draft.ts";
import type { Drafter, Journal, Ports, Scorer } from "../core/ports.ts";
import { emptyTrackRecord } from "../core/track-record.ts";
import { intakeWith } from "../handlers/intake.ts";
import { FAULTS } from "../world/faults/all-faults.ts";
import { scenarioWith } from "../world/scenario.ts";
import { type Alarmed, firstAlarm } from "./first-alarm.ts";
import { guardrails, scorerNamed } from "./fixed-ports.ts";
import { type HeardEvidence, heardEvidence } from "./heard-evidence.ts";
import { type Measured, percentile, time } from "./measured.ts";

const LEAST_CANDIDATES = 8;
const WORLDS_A_FAULT = 4;
const WARM_UP = 2000;
const SAMPLES = 2000;

/** Names scale-outs of every ECS service to four sizes beside what the rules suggest, as a talkative model would. */
const talkative: Drafter = {
  draft: async (context, from) => {
    const runbook = from.runbooks.find(({ id }) => id === "ecs-scale-out");
    const proposals = context.resources
      .filter(({ type }) => type === runbook?.targetType)
      .flatMap(({ arn, attributes }) => {
        const [, Cluster = "", Service = ""] = arn.split("/");
        const desired = Number(attributes.desiredCount);
        return [1, 2, 3, 4].map((more) => ({
          runbook: runbook?.id ?? "",
          version: runbook?.version ?? "",
          target: arn,
          params: { Cluster, Service, DesiredCount: desired + more, ExpectedDesiredCount: desired },
          because: "more is better",
          evidence: [],
          recovers: null,
        }));
      });
    return { ...draftOffline(context, from, null), name: "recorded", proposals };
  },
};

const unjournalled: Journal = {
  step: (_name, body) => body(),
  doze: async () => {
    throw new Error("deciding never sleeps");
  },
};

/** A world at its first alarm, and what is read of it. */
type Scene = Readonly<{ alarmed: Alarmed; heard: HeardEvidence }>;

const portsOn = ({ alarmed: { world }, heard }: Scene, scorer: Scorer): Ports => {
  const clock = simulatedClock(world.nowMs);
  return {
    evidence: heard.evidence,
    drafter: talkative,
    guardrails,
    scorer,
    approvals: readyApprovals(clock, async () => {}),
    actuator: dryActuator,
    ledger: simulatedLedger(),
    episodes: { append: async () => {} },
    records: { put: async () => {} },
    trackRecord: emptyTrackRecord,
    pager: silentPager,
    switch: simulatedSwitch(() => "on"),
    clock,
    executions: { start: async () => {}, ring: async () => {} },
    catalogue,
    dryRun: false,
    codeHash: "",
  };
};

/** From the event in hand to the decision in the ledger, which is empty and in memory. */
const decideOnce = async (scene: Scene, scorer: Scorer): Promise<Readonly<{ tookMs: number; candidates: number }>> => {
  const ports = portsOn(scene, scorer);
  const { settings, event } = scene.alarmed;
  scene.heard.ready();
  const startMs = performance.now();
  const { incidentId } = await intakeWith(ports, settings)(parseAlarmEvent(event));
  if (incidentId === null) throw new Error("the alarm opened no incident");
  const session = { journal: unjournalled, ports, settings, incidentId, executionId: "bench" };
  const now = await decideNow(session, []);
  const tookMs = performance.now() - startMs;
  return { tookMs, candidates: now.kind === "decided" ? now.decision.weighed.length : 0 };
};

/** Worlds of every fault at their first alarm, those left out in which there is less to choose from. */
const worldsToDecide = async (): Promise<readonly Scene[]> => {
  const scenarios = FAULTS.flatMap(({ id }) =>
    Array.from({ length: WORLDS_A_FAULT }, (_, index) => scenarioWith(1, index, id)),
  );
  const rich: Scene[] = [];
  for (const alarmed of scenarios.map(firstAlarm)) {
    if (alarmed === null) continue;
    const scene = { alarmed, heard: heardEvidence(simulatedEvidence(alarmed.world)) };
    const { candidates } = await decideOnce(scene, scorerNamed("rules"));
    if (candidates >= LEAST_CANDIDATES) rich.push(scene);
  }
  return rich;
};

/** How long a decision takes with this scorer, over all these worlds in turn. Throws where one has too little to weigh. */
const decisionTimes = async (worlds: readonly Scene[], scorer: Scorer): Promise<readonly number[]> => {
  const times: number[] = [];
  for (let sample = 0; sample < WARM_UP + SAMPLES; sample += 1) {
    const scene = worlds[sample % worlds.length];
    if (scene === undefined) throw new Error(`no world has ${LEAST_CANDIDATES} candidates at its first alarm`);
    const { tookMs, candidates } = await decideOnce(scene, scorer);
    if (candidates < LEAST_CANDIDATES) throw new Error(`only ${candidates} candidates were weighed`);
    if (sample >= WARM_UP) times.push(tookMs);
  }
  return times;
};

const figures = (name: string, times: readonly number[]): readonly Measured[] => [
  time(`${name}, p50`, percentile(times, 0.5), null),
  time(`${name}, p99`, percentile(times, 0.99), 5),
];

/**
 * Alarm to decision on warm code: intake, gather, draft, guard, encode, score, choose, write. With a model that is
 * released also under it, its network in a process of its own as where alarms are answered.
 */
export const alarmToDecision = async (model: OpenModel | null = null): Promise<readonly Measured[]> => {
  const worlds = await worldsToDecide();
  const name = "alarm to decision, 8+ candidates";
  const byRules = figures(name, await decisionTimes(worlds, scorerNamed("rules")));
  if (model === null) return byRules;
  return [...byRules, ...figures(`${name}, ${model.scorer.policy}`, await decisionTimes(worlds, model.scorer))];
};
