import { hashOf } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import { faultNamed } from "./faults/all-faults.ts";
import { initialAlarms } from "./initial-alarms.ts";
import { initialStates } from "./initial-states.ts";
import { personArrives, UNNOTICED_MS } from "./people.ts";
import { releaseCode } from "./releases.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { continueRun } from "./runs.ts";
import type { Scenario } from "./scenario.ts";
import { closeMinute, settle } from "./settle.ts";
import { type AgendaWhat, MINUTE_MS, record, schedule, type World } from "./state.ts";
import { ACCOUNT, edgesOf, entriesOf, orderOf, REGION } from "./topology.ts";
import type { Delivery } from "./types.ts";

/** Builds the world of a scenario; its clock stands at `scenario.clockStartMs`, its fault is still to come. */
export const createWorld = (scenario: Scenario): World => {
  const { topology, clockStartMs } = scenario;
  const streams = `${scenario.seed}/${scenario.index}`;
  const world: World = {
    scenario,
    account: ACCOUNT,
    region: REGION,
    streams,
    clockStartMs,
    nowMs: clockStartMs,
    settledMs: clockStartMs,
    sequence: 0,
    agenda: [],
    resources: Object.fromEntries(initialStates(topology, clockStartMs, streams).map((state) => [state.arn, state])),
    order: orderOf(topology),
    edges: edgesOf(topology),
    entries: entriesOf(topology),
    disturbances: [],
    surges: [],
    open: {},
    metrics: {},
    impacts: [],
    openImpact: 0,
    impactStartedAtMs: null,
    troubles: {},
    alarms: initialAlarms(topology, clockStartMs, streams),
    alarmHistory: [],
    outbox: [],
    changes: [],
    effects: [],
    inputs: [],
    runs: [],
    pages: [],
    personComesAtMs: null,
    fault: { startedAtMs: null, memory: {} },
    log: [],
  };
  schedule(world, clockStartMs + MINUTE_MS, { kind: "minute" });
  for (const { arn, atMs } of scenario.benignReleases) schedule(world, atMs, { kind: "benign-release", arn });
  if (faultNamed(scenario.fault) !== null) {
    schedule(world, scenario.onsetMs, { kind: "fault" });
    schedule(world, scenario.onsetMs + UNNOTICED_MS, { kind: "person-arrives" });
  }
  return world;
};

/** Processes every event up to and including `toMs`, which becomes now. Throws where that lies in the past. */
export const advance = (world: World, toMs: number): void => {
  if (toMs < world.nowMs) throw new RangeError(`the world's time does not go back from ${world.nowMs} to ${toMs}`);
  for (let next = world.agenda[0]; next !== undefined && next.atMs <= toMs; next = world.agenda[0]) {
    world.agenda.shift();
    world.nowMs = next.atMs;
    settle(world);
    happen(world, next.what);
  }
  world.nowMs = toMs;
};

/** When something happens next by itself, a delivery included; null when nothing ever does. */
export const nextEventMs = (world: World): number | null => {
  const times = [world.agenda[0]?.atMs, world.outbox[0]?.deliverAtMs].filter((atMs) => atMs !== undefined);
  return times.length === 0 ? null : Math.min(...times);
};

/** Takes the events that EventBridge delivers by now out of the outbox, in the order of their delivery. */
export const takeDeliveries = (world: World): Delivery[] => {
  const due = world.outbox.filter((delivery) => delivery.deliverAtMs <= world.nowMs);
  world.outbox = world.outbox.slice(due.length);
  return due;
};

/** One line of JSON an event. The same scenario and the same inputs give the same bytes. */
export const eventLog = (world: World): string => world.log.map((line) => `${line}\n`).join("");

/** Hash of what API calls configure (task definitions, counts, versions, aliases), whatever the counters and the time. */
export const configurationHash = (world: World): string => {
  const configuration: Record<string, Json> = {};
  for (const [arn, state] of Object.entries(world.resources))
    configuration[arn] = behaviourOf(state).configuration(state);
  return hashOf(configuration);
};

/** An independent copy: the same inputs give the same bytes in both. */
export const fork = (world: World): World => structuredClone(world);

const happen = (world: World, what: AgendaWhat): void => {
  if (what.kind === "minute") closeMinute(world);
  else if (what.kind === "resource") happenToResource(world, what.arn, what.what, what.subject);
  else if (what.kind === "fault") startFault(world);
  else if (what.kind === "run") continueRun(world, what.executionId);
  else if (what.kind === "person-arrives") personArrives(world);
  else releaseCode(world, what.arn, null);
};

const happenToResource = (world: World, arn: string, what: string, subject: string): void => {
  const state = world.resources[arn];
  if (state !== undefined) behaviourOf(state).happen?.(world, state, what, subject);
};

const startFault = (world: World): void => {
  const { fault: id, parameters } = world.scenario;
  world.fault.startedAtMs = world.nowMs;
  record(world, "fault", { id, parameters });
  faultNamed(id)?.start(world, parameters);
};
