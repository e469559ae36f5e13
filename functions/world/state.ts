import type { Change } from "../core/evidence.ts";
import type { Json } from "../core/json.ts";
import type { AutomationState } from "./automation.ts";
import type { Scenario } from "./scenario.ts";
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
};

/** One resource calls another: `retries` more attempts after a failed one, each given up after `timeoutMs`. */
export type CallEdge = Readonly<{
  from: string;
  to: string;
  callsPerRequest: number;
  retries: number;
  timeoutMs: number;
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

/** What one resource did in the open minute. */
export type MinuteTotals = {
  requests: number;
  errors: number;
  latencyMs: number;
  utilisation: number;
  gauges: Record<string, number>;
  message: string | null;
  messageErrors: number;
};

/** A time-bounded disturbance of one resource, in whole minutes: an error share and a latency on top of its own. */
export type Disturbance = Readonly<{
  arn: string;
  fromMs: number;
  toMs: number;
  errorRate: number;
  latencyMs: number;
  message: string;
}>;

/** Load of one entry multiplied by `factor`, after a ramp. */
export type Surge = Readonly<{ arn: string; fromMs: number; toMs: number; rampMs: number; factor: number }>;

/** A source of load, with its mean over the day; a request slower than the objective is bad, like a failed one. */
export type Entry = Readonly<{ arn: string; meanPerSecond: number; peakHour: number; objectiveMs: number }>;

export type MetricShape = "count" | "gauge" | "latency";
/** One value a minute since the world's clock started; the last one may not be readable yet. */
export type StoredSeries = { readonly shape: MetricShape; readonly values: (number | null)[] };

/** One resource's series by metric name; they share their namespace and dimensions. */
export type MetricStore = {
  readonly namespace: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly byName: Record<string, StoredSeries>;
};

export type AgendaWhat =
  | Readonly<{ kind: "minute" }>
  | Readonly<{ kind: "resource"; arn: string; what: string; subject: string }>
  | Readonly<{ kind: "fault" }>
  | Readonly<{ kind: "run"; executionId: string }>
  | Readonly<{ kind: "person-arrives" }>
  | Readonly<{ kind: "benign-release"; arn: string }>;
export type AgendaItem = Readonly<{ atMs: number; sequence: number; what: AgendaWhat }>;

export type AlarmRuntime = WorldAlarm &
  Readonly<{ service: string; description: string; reason: string; reasonData: string }>;

/** The whole simulated cloud as plain data: `structuredClone` forks it, `JSON.stringify` writes it down. */
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
  resources: Record<string, ResourceState>;
  /** Callers before callees. */
  readonly order: readonly string[];
  readonly edges: readonly CallEdge[];
  readonly entries: readonly Entry[];
  disturbances: Disturbance[];
  surges: Surge[];
  open: Record<string, MinuteTotals>;
  /** By the ARN of the resource that reports them. */
  metrics: Record<string, MetricStore>;
  /** Share of entry requests that were bad, one number a closed minute; `openImpact` is the open minute's so far. */
  impacts: number[];
  openImpact: number;
  impactStartedAtMs: number | null;
  /** Error share and message of a closed minute, where it was worth a log line. */
  troubles: Record<string, { minute: number; errors: number; message: string }[]>;
  alarms: AlarmRuntime[];
  alarmHistory: { name: string; atMs: number; from: WorldAlarm["state"]; to: WorldAlarm["state"] }[];
  outbox: Delivery[];
  changes: Change[];
  effects: WorldEffect[];
  inputs: WorldInput[];
  runs: { run: WorldRun; state: AutomationState }[];
  pages: { atMs: number; incidentId: string }[];
  personComesAtMs: number | null;
  fault: { startedAtMs: number | null; memory: Record<string, string | number> };
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

/** What a change of state by an API call looks like in the event log. */
export const recordCall = (world: World, who: string, apiCall: ApiCall, ok: boolean): void =>
  record(world, "call", { who, call: `${apiCall.service}:${apiCall.api}`, input: apiCall.input, ok });
