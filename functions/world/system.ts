import { rememberedLast } from "../core/remembered.ts";
import { blueprintNamed } from "./blueprints/all-blueprints.ts";
import type { AlarmPlan, Part, Site, SliPlan } from "./blueprints/blueprint.ts";
import { dailyShape } from "./load.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import type { CallEdge, Entry, ResourceState } from "./state.ts";
import { ACCOUNT, REGION, type ServicePlan, type Topology } from "./topology.ts";

/** A call with the callee's place in the system's order. */
export type IndexedCall = Readonly<{ edge: CallEdge; to: number }>;

/** What is built of a topology and never changes while a world lives. */
export type System = Readonly<{
  topology: Topology;
  /** The resources as they stand when the clock starts. */
  states: readonly ResourceState[];
  edges: readonly CallEdge[];
  /** ARNs of what takes calls, callers before callees; `indexOf` is a resource's place in it. */
  order: readonly string[];
  indexOf: Readonly<Record<string, number>>;
  /** The calls of each resource, by its place. */
  calls: readonly (readonly IndexedCall[])[];
  entries: readonly Entry[];
  alarms: readonly (AlarmPlan & Readonly<{ service: string }>)[];
  parts: Readonly<Record<string, Part>>;
  /** ARNs of the resources in which something accumulates. */
  moving: readonly string[];
}>;

const SERVICES_A_CLUSTER = 6;

type Built = Readonly<{ clockStartMs: number; streams: string; system: System }>;
/** What was built of the topology that was asked for last; none yet where it is another one. */
const builtOf = rememberedLast((_topology: Topology): { built: Built | null } => ({ built: null }));

/**
 * The system of a topology: sized for the hour at which the clock starts, everything deployed days ago. The same topology
 * value is built once while no other is asked for.
 */
export const buildSystem = (topology: Topology, clockStartMs: number, streams: string): System => {
  const last = builtOf(topology);
  if (last.built?.clockStartMs !== clockStartMs || last.built.streams !== streams)
    last.built = { clockStartMs, streams, system: build(topology, clockStartMs, streams) };
  return last.built.system;
};

const build = (topology: Topology, clockStartMs: number, streams: string): System => {
  const parts = new Map<string, Part>();
  for (const [index, plan] of topology.services.entries())
    parts.set(
      plan.name,
      blueprintNamed(plan.blueprint).build(plan, siteOf(topology, plan, index, clockStartMs, streams)),
    );
  const states = joined([...parts.values()].flatMap((part) => part.states));
  const edges = [
    ...[...parts.values()].flatMap((part) => part.edges),
    ...topology.services.flatMap((plan) => callsBetween(plan, parts)),
  ];
  const bySource = Map.groupBy(edges, ({ from }) => from);
  const order = ordered(states, bySource);
  const indexOf = Object.fromEntries(order.map((arn, index) => [arn, index]));
  return {
    topology,
    states,
    edges,
    order,
    indexOf,
    calls: order.map((arn) => (bySource.get(arn) ?? []).map((edge) => ({ edge, to: indexOf[edge.to] ?? -1 }))),
    entries: topology.services.flatMap((plan) => entryOf(plan, topology, parts)),
    alarms: [...parts].flatMap(([service, part]) => part.alarms.map((alarm) => ({ ...alarm, service }))),
    parts: Object.fromEntries(parts),
    moving: states.filter((state) => behaviourOf(state).elapse !== null).map(({ arn }) => arn),
  };
};

/** The SLIs of one service. Throws RangeError where the system has no such service. */
export const slisOf = (system: System, service: string): readonly SliPlan[] => partOf(system, service).slis;

/** One service's resources and what they show. Throws RangeError where the system has no such service. */
export const partOf = ({ parts }: Pick<System, "parts">, service: string): Part => {
  const part = parts[service];
  if (part === undefined) throw new RangeError(`the system has no service ${service}`);
  return part;
};

const siteOf = (
  { system, peakHour }: Topology,
  plan: ServicePlan,
  index: number,
  clockStartMs: number,
  streams: string,
): Site => {
  const cluster = Math.floor(index / SERVICES_A_CLUSTER);
  return {
    system,
    clockStartMs,
    hourly: dailyShape(clockStartMs, peakHour),
    cluster: `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${system}-${cluster === 0 ? "prod" : `prod-${cluster + 1}`}`,
    stream: (fact) => `${streams}|${plan.name}|${fact}`,
  };
};

/** One state a resource: what several parts name is put together the way that its kind says. */
const joined = (states: readonly ResourceState[]): readonly ResourceState[] => {
  const byArn = new Map<string, ResourceState>();
  for (const state of states) {
    const known = byArn.get(state.arn);
    const { join } = behaviourOf(state);
    if (known !== undefined && join === null) throw new Error(`${state.arn}: two parts of the system build it`);
    byArn.set(state.arn, known === undefined || join === null ? state : join(known, state));
  }
  return [...byArn.values()];
};

const callsBetween = (plan: ServicePlan, parts: ReadonlyMap<string, Part>): readonly CallEdge[] => {
  const from = parts.get(plan.name)?.calls ?? null;
  return plan.calls.flatMap(({ to, ...call }) => {
    const takes = parts.get(to)?.takes;
    return from === null || takes === undefined ? [] : [{ from, to: takes, ...call }];
  });
};

/** Where users are: with load from outside, or only with what other services send. */
const entryOf = (plan: ServicePlan, { peakHour }: Topology, parts: ReadonlyMap<string, Part>): readonly Entry[] => {
  const part = parts.get(plan.name);
  if (part === undefined || part.objectiveMs === null) return [];
  return [{ arn: part.takes, meanPerSecond: plan.entryPerSecond ?? 0, peakHour, objectiveMs: part.objectiveMs }];
};

/** Callers before callees, in the order of the states where the calls leave a choice. Throws on calls in a circle. */
const ordered = (
  states: readonly ResourceState[],
  bySource: ReadonlyMap<string, readonly CallEdge[]>,
): readonly string[] => {
  const serving = states.filter((state) => behaviourOf(state).serve !== null).map(({ arn }) => arn);
  const waiting = new Map(serving.map((arn) => [arn, 0]));
  for (const calls of bySource.values()) for (const { to } of calls) waiting.set(to, (waiting.get(to) ?? 0) + 1);
  const ready = serving.filter((arn) => waiting.get(arn) === 0);
  const order: string[] = [];
  for (let arn = ready.shift(); arn !== undefined; arn = ready.shift()) {
    order.push(arn);
    for (const { to } of bySource.get(arn) ?? []) {
      const left = (waiting.get(to) ?? 0) - 1;
      waiting.set(to, left);
      if (left === 0) ready.push(to);
    }
  }
  if (order.length < waiting.size) throw new Error("calls go in a circle, or lead to a resource that takes none");
  return order;
};
