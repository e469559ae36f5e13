import { hashOf } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import { changeHarmlessly } from "./benign-changes.ts";
import { copyOf } from "./copy.ts";
import { FAULTS, faultNamed } from "./faults/all-faults.ts";
import type { Fault } from "./faults/fault.ts";
import { continueShift } from "./people/shift.ts";
import { personArrives, UNNOTICED_MS } from "./people.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { continueRun } from "./runs.ts";
import type { Scenario } from "./scenario.ts";
import { closeMinute, settle } from "./settle.ts";
import { type AgendaWhat, type AlarmRuntime, MINUTE_MS, record, schedule, stir, type World } from "./state.ts";
import { buildSystem, type System } from "./system.ts";
import { ACCOUNT, REGION, ZONES } from "./topology.ts";
import type { Delivery } from "./types.ts";

/**
 * Builds the world of a scenario; its clock stands at `scenario.clockStartMs`, its faults are still to come.
 * @param known the faults that it may have: those of the list, or somebody's own
 */
export const createWorld = (scenario: Scenario, known: readonly Fault[] = FAULTS): World => {
  const { topology, clockStartMs, faults } = scenario;
  const streams = `${scenario.seed}/${scenario.index}`;
  const system = buildSystem(topology, clockStartMs, streams);
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
    system,
    resources: Object.fromEntries(system.states.map((state) => [state.arn, copyOf(state)])),
    zones: Object.fromEntries(ZONES.map((zone) => [zone, { errorRate: 0, latencyMs: 0 }])),
    disturbances: [],
    surges: [],
    flows: [],
    isStirred: true,
    minutes: [],
    open: [],
    impactStartedAtMs: null,
    alarms: alarmsAtStart(system, clockStartMs),
    alarmHistory: [],
    outbox: [],
    changes: [],
    effects: [],
    inputs: [],
    runs: [],
    pages: [],
    personComesAtMs: null,
    known,
    faults: faults.map(({ fault: id, parameters }) => ({ id, parameters, startedAtMs: null, memory: {} })),
    log: [],
  };
  schedule(world, clockStartMs + MINUTE_MS, { kind: "minute" });
  for (const { atMs, ...change } of scenario.benignChanges) schedule(world, atMs, { kind: "benign-change", change });
  for (const [index, { onsetMs }] of faults.entries()) schedule(world, onsetMs, { kind: "fault", index });
  if (faults.length > 0) schedule(world, scenario.onsetMs + UNNOTICED_MS, { kind: "person-arrives", person: null });
  return world;
};

/** All alarms are OK since the clock's start. */
const alarmsAtStart = (system: System, clockStartMs: number): AlarmRuntime[] =>
  system.alarms.map((alarm) => ({
    ...alarm,
    state: "OK",
    changedAtMs: clockStartMs,
    reason: "Unchecked: Initial alarm creation",
    reasonData: JSON.stringify({ version: "1.0" }),
  }));

/** Processes every event up to and including `toMs`, which becomes now. Throws where that lies in the past. */
export const advance = (world: World, toMs: number): void => {
  if (toMs < world.nowMs) throw new RangeError(`the world's time does not go back from ${world.nowMs} to ${toMs}`);
  for (let next = world.agenda[0]; next !== undefined && next.atMs <= toMs; next = world.agenda[0]) {
    world.agenda.shift();
    world.nowMs = next.atMs;
    if (!isQuiet(next.what)) settle(world);
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

/**
 * An independent copy: the same inputs give the same bytes in both. What never changes once it is made (flows, minutes,
 * alarms, runs as they stand) is shared; what changes in place is copied.
 */
export const fork = (world: World): World => ({
  ...world,
  agenda: [...world.agenda],
  resources: copyOf(world.resources),
  zones: { ...world.zones },
  disturbances: [...world.disturbances],
  surges: [...world.surges],
  flows: [...world.flows],
  minutes: [...world.minutes],
  alarmHistory: [...world.alarmHistory],
  outbox: [...world.outbox],
  changes: [...world.changes],
  effects: [...world.effects],
  inputs: [...world.inputs],
  runs: world.runs.map((held) => ({ ...held })),
  pages: [...world.pages],
  faults: world.faults.map((fault) => ({ ...fault, memory: { ...fault.memory } })),
  log: [...world.log],
});

/** A step of a run changes nothing by itself: the API call that it makes settles and stirs where it does. */
const isQuiet = ({ kind }: AgendaWhat): boolean => kind === "run";

const happen = (world: World, what: AgendaWhat): void => {
  // Whatever else happens may change what is served; a minute's end says itself whether it does.
  if (what.kind !== "minute" && !isQuiet(what)) stir(world);
  if (what.kind === "minute") closeMinute(world);
  else if (what.kind === "resource") happenToResource(world, what.arn, what.what, what.subject);
  else if (what.kind === "fault") startFault(world, what.index);
  else if (what.kind === "run") continueRun(world, what.executionId);
  else if (what.kind === "person-arrives") personArrives(world, what.person);
  else if (what.kind === "person") continueShift(world, what);
  else changeHarmlessly(world, what.change);
};

const happenToResource = (world: World, arn: string, what: string, subject: string): void => {
  const state = world.resources[arn];
  if (state !== undefined) behaviourOf(state).happen?.(world, state, what, subject);
};

const startFault = (world: World, index: number): void => {
  const fault = world.faults[index];
  if (fault === undefined) return;
  fault.startedAtMs = world.nowMs;
  record(world, "fault", { id: fault.id, parameters: fault.parameters });
  faultNamed(fault.id, world.known)?.start(world, fault);
};
