import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import type { Engine } from "../adapters/durable/engine.ts";
import { type Incident, readIncidents } from "../core/incident.ts";
import { intakeWith } from "../handlers/intake.ts";
import { isOver } from "../rollout/days/day-end.ts";
import { actionsIn, costOf, duplicatedEffects, harmfulActions, minutesToRecover } from "../rollout/days/measure.ts";
import { faultNamed } from "../world/faults/all-faults.ts";
import { runsOf } from "../world/runs.ts";
import { impactMinutes } from "../world/truth.ts";
import { advance, nextEventMs, takeDeliveries } from "../world/world.ts";
import { parseRows } from "./gameday-episodes.ts";
import type { IncidentResult, WorldResult } from "./gameday-report.ts";
import { openSystem, type Stage, type System } from "./gameday-system.ts";
import { tellDelivery } from "./gameday-told.ts";

/**
 * Plays one world to its end, from wherever the store left it, and keeps its result. Time jumps from event to event:
 * the world's, the engine's timers', the people's. Nothing that it does depends on other worlds that play meanwhile.
 */
export const playWorld = async (stage: Stage, index: number): Promise<WorldResult> => {
  const { incidents: count, seed } = stage.parameters;
  const system = await openSystem(stage, index);
  const { world, clock, engine, approvals, tell } = system;
  tell?.({ kind: "world", atMs: 0, title: `incident ${index + 1} of ${count}, seed ${seed}` });
  let incidents: readonly Incident[] = [];
  for (let isFirst = true; ; isFirst = false) {
    await approvals.answerDue(clock.nowMs());
    const delivered = await deliver(stage, index, system);
    const invocations = await engine.runDue();
    if (delivered + invocations > 0 || isFirst) incidents = await incidentsIn(system);
    if (hasEnded(system, incidents)) break;
    const nextMs = nextTime(system);
    if (incidents.some(({ terminal }) => terminal === null)) await stage.pace(nextMs - clock.nowMs());
    stage.store.keepClock(index, nextMs);
    clock.moveTo(nextMs);
    advance(world, nextMs);
  }
  const result = resultOf(stage, index, system, incidents);
  stage.store.keepResult(result);
  tell?.({ kind: "world-ended", atMs: clock.nowMs(), fault: result.fault, impactMinutes: result.impactMinutes });
  return result;
};

/** Hands what is due to intake. A rebuilt world offers its whole past again: what was taken in before is passed over. */
const deliver = async (stage: Stage, index: number, { world, ports, settings, tell }: System): Promise<number> => {
  const untilMs = stage.store.deliveredUntil(index) ?? 0;
  const due = takeDeliveries(world).filter(({ deliverAtMs }) => deliverAtMs > untilMs);
  for (const { event } of due) {
    const ingested = parseAlarmEvent(event);
    const folded = await intakeWith(ports, settings)(ingested);
    if (tell !== null && "alarm" in ingested && ingested.alarm !== null)
      tellDelivery(tell, world.nowMs, ingested.alarm, folded.kind);
  }
  if (due.length > 0) stage.store.keepDelivered(index, world.nowMs);
  return due.length;
};

const incidentsIn = async ({ ports }: System): Promise<readonly Incident[]> =>
  (await readIncidents(ports.ledger)).toSorted(
    (one, other) => one.openedAtMs - other.openedAtMs || (one.id < other.id ? -1 : 1),
  );

const hasEnded = ({ world, engine }: System, incidents: readonly Incident[]): boolean =>
  isOver(world, incidents, (incident) => isDone(engine, incident));

/** An execution that has work left must do it here: the next world is none of its business. */
const isDone = (engine: Engine, { id, terminal, watching }: Incident): boolean =>
  terminal !== null && !watching && engine.describe(id)?.status !== "RUNNING";

const nextTime = ({ world, engine, approvals, clock }: System): number => {
  const times = [nextEventMs(world), engine.nextDueMs(), approvals.nextAnswerMs()].filter((atMs) => atMs !== null);
  if (times.length === 0) throw new Error(`world ${world.scenario.index} stands still at ${clock.nowMs()}`);
  return Math.max(clock.nowMs(), Math.min(...times));
};

const resultOf = (
  stage: Stage,
  index: number,
  { world, scenario, documents, engine }: System,
  incidents: readonly Incident[],
): WorldResult => {
  const runs = runsOf(world);
  const actions = actionsIn(runs);
  const inputs = stage.store.inputsOf(index);
  const takenOver = new Set(incidents.filter(({ terminal }) => terminal === "REJECTED").map(({ id }) => id));
  return {
    index,
    fault: scenario.fault,
    family: faultNamed(scenario.fault)?.family ?? "none",
    incidents: incidents.map(
      (incident): IncidentResult => ({
        id: incident.id,
        terminal: incident.terminal,
        minutesToRecover: minutesToRecover(world, incident),
        trouble: incident.terminal === null ? troubleOf(engine, incident.id) : null,
      }),
    ),
    impactMinutes: impactMinutes(world, world.clockStartMs, world.nowMs),
    actions: actions.length,
    undos: runs.length - actions.length,
    harmful: harmfulActions(scenario, documents, inputs),
    // Whoever rejects comes without being paged; the world knows both as a page.
    pages: inputs.filter((input) => input.kind === "page" && !takenOver.has(input.incidentId)).length,
    duplicatedEffects: duplicatedEffects(runs),
    cost: costOf(parseRows(stage.episodesOf(incidents.map(({ id }) => id)))),
  };
};

const troubleOf = (engine: Engine, incidentId: string): string => {
  const execution = engine.describe(incidentId);
  if (execution === null) return "its execution was never started";
  const { status, error } = execution;
  return error === null ? `its execution is ${status}` : `its execution is ${status}: ${error.type}: ${error.message}`;
};
