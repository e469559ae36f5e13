import type { Change } from "../core/evidence.ts";
import type { Json } from "../core/json.ts";
import type { AutomationState } from "./automation.ts";
import type { BenignChange } from "./benign-changes.ts";
import type { Fault, FaultParameters } from "./faults/fault.ts";
import type { PersonStep } from "./people/shift.ts";
import type { Scenario } from "./scenario.ts";
import type { System } from "./system.ts";
import type { ApiCall, Delivery, WorldAlarm, WorldEffect, WorldInput, WorldRun } from "./types.ts";

/** What every resource's state has; each resource's file adds its own fields and narrows by `kind`. Keyed by ARN. */
export type ResourceState = {
  readonly kind: string;
  readonly arn: string;
  readonly name: string;
  /** The service of the settings that owns it. */
  readonly service: string;
  /** ARN of the root of its hierarchy. */
  readonly root: string;
  readonly logGroup: string | null;
  /** ARNs of what it rests on without calling it: its flag, its certificate, its cluster. Part of the graph. */
  readonly uses: readonly string[];
};

/**
 * One resource calls another: `retries` more attempts after a failed one, each given up after `timeoutMs`. Of an
 * asynchronous call (a message sent) the caller notices neither failure nor time.
 */
export type CallEdge = Readonly<{
  from: string;
  to: string;
  callsPerRequest: number;
  retries: number;
  timeoutMs: number;
  isAsync: boolean;
}>;

/** What a resource makes of its load, constant until the next event. Rates are per second, shares 0..1. */
export type Served = Readonly<{
  demand: number;
  /** Requests per second that reach its own dependencies. */
  passed: number;
  /** Share of demand that fails. */
  errorRate: number;
  /** Mean latency of what does not fail. */
  latencyMs: number;
  /** Demand over capacity; may pass 1. */
  utilisation: number;
  capacity: number;
  /** What its log says of its largest cause of errors. */
  message: string | null;
  /** Other quantities, averaged over the minute for the metrics. */
  gauges: Readonly<Record<string, number>>;
}>;

/**
 * The steady flow of the whole system while neither load nor state changes: what every resource serves (in the system's
 * order), and the share of the worst-hit entry's requests that is bad. Immutable.
 */
export type Flow = Readonly<{ atMs: number; loads: readonly number[]; served: readonly Served[]; bad: number }>;

/** A stretch of a minute during which one flow held, by its index in `flows`. */
export type Segment = Readonly<{ flow: number; ms: number }>;

/**
 * A disturbance from outside of what API calls configure, in whole minutes: an error share and a latency on top of its
 * own. It hits all answers of one resource (`from` null), or the calls of one resource to another.
 */
export type Disturbance = Readonly<{
  id: string;
  from: string | null;
  to: string;
  fromMs: number;
  /** Null: until somebody ends it. */
  toMs: number | null;
  errorRate: number;
  latencyMs: number;
  message: string;
}>;

/** What befell an availability zone: the share of requests that fail in it, and the time that it adds. */
export type ZoneHealth = Readonly<{ errorRate: number; latencyMs: number }>;

/** Load of one entry multiplied by `factor`, after a ramp. */
export type Surge = Readonly<{ arn: string; fromMs: number; toMs: number; rampMs: number; factor: number }>;

/** Where users are served, with the mean load from outside; a request slower than the objective is bad, like a failed one. */
export type Entry = Readonly<{ arn: string; meanPerSecond: number; peakHour: number; objectiveMs: number }>;

export type AgendaWhat =
  | Readonly<{ kind: "minute" }>
  | Readonly<{ kind: "resource"; arn: string; what: string; subject: string }>
  | Readonly<{ kind: "fault"; index: number }>
  | Readonly<{ kind: "run"; executionId: string }>
  | Readonly<{ kind: "person-arrives"; person: string | null }>
  | PersonStep
  | Readonly<{ kind: "benign-change"; change: Omit<BenignChange, "atMs"> }>;
export type AgendaItem = Readonly<{ atMs: number; sequence: number; what: AgendaWhat }>;

export type AlarmRuntime = WorldAlarm &
  Readonly<{ service: string; description: string; reason: string; reasonData: string }>;

/** One fault of the scenario as it stands: what was drawn of it, and what it remembers. */
export type ActiveFault = {
  readonly id: string;
  readonly parameters: FaultParameters;
  startedAtMs: number | null;
  memory: Record<string, string | number>;
};

/** The whole simulated cloud as plain data: `fork` copies it, `JSON.stringify` writes it down. */
export type World = {
  readonly scenario: Scenario;
  readonly account: string;
  readonly region: string;
  /** Prefix of every stream's name. */
  readonly streams: string;
  readonly clockStartMs: number;
  nowMs: number;
  /** Up to here the load has been turned into completions, errors and metrics. */
  settledMs: number;
  sequence: number;
  agenda: AgendaItem[];
  /** What was built of the topology and never changes; forks share it. */
  readonly system: System;
  resources: Record<string, ResourceState>;
  /** By zone name, for instance `eu-west-1a`. */
  zones: Record<string, ZoneHealth>;
  disturbances: Disturbance[];
  surges: Surge[];
  /** Every flow that ever held, in order; `isStirred`: something changed since the last one was solved. */
  flows: Flow[];
  isStirred: boolean;
  /** The closed minutes since the clock's start, and the open one. */
  minutes: (readonly Segment[])[];
  open: Segment[];
  impactStartedAtMs: number | null;
  alarms: AlarmRuntime[];
  alarmHistory: { name: string; atMs: number; from: WorldAlarm["state"]; to: WorldAlarm["state"] }[];
  outbox: Delivery[];
  changes: Change[];
  effects: WorldEffect[];
  inputs: WorldInput[];
  runs: { run: WorldRun; state: AutomationState }[];
  pages: { atMs: number; incidentId: string }[];
  personComesAtMs: number | null;
  /** What the faults do; JSON shows their data alone. */
  readonly known: readonly Fault[];
  faults: ActiveFault[];
  log: string[];
};

export const MINUTE_MS = 60_000;

/** The name of one entity's stream for one purpose. */
export const streamOf = (world: Pick<World, "streams">, entity: string, purpose: string): string =>
  `${world.streams}|${entity}|${purpose}`;

/** Puts something on the agenda, after everything that is already there for the same time. */
export const schedule = (world: World, atMs: number, what: AgendaWhat): void => {
  const item = { atMs, sequence: world.sequence, what };
  world.sequence += 1;
  let index = world.agenda.length;
  while (index > 0 && (world.agenda[index - 1]?.atMs ?? 0) > atMs) index -= 1;
  world.agenda.splice(index, 0, item);
};

/** Writes one line of the event log. */
export const record = (world: World, kind: string, fields: Readonly<Record<string, Json>>): void => {
  world.log.push(JSON.stringify({ atMs: world.nowMs, kind, ...fields }));
};

/** Says that load or state changed, so that the flow is solved anew before it is next asked for. */
export const stir = (world: World): void => {
  world.isStirred = true;
};

/** What a change of state by an API call looks like in the event log. */
export const recordCall = (world: World, who: string, apiCall: ApiCall, ok: boolean): void =>
  record(world, "call", { who, call: `${apiCall.service}:${apiCall.api}`, input: apiCall.input, ok });
