import { rememberedLast } from "../core/remembered.ts";
import { isActive, loadsAt } from "./load.ts";
import type { DependencyView, Inflow } from "./resource-type.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { eitherFails, shareSlowerThan } from "./saturation.ts";
import type { CallEdge, Disturbance, Flow, Served, World } from "./state.ts";
import type { IndexedCall, System } from "./system.ts";

const MOST_ROUNDS = 8; // retries and failures feed each other; eight rounds settle a chain of five
const SETTLED = 1e-4; // far below the noise of any metric

/**
 * The steady flow under the world's state and the load of the minute that holds `atMs`: demand runs from callers to
 * callees, retries included; errors and latency run back. It starts from the last flow, so that a storm of retries which
 * keeps itself alive goes on, as it does in production.
 */
export const solveFlow = (world: World, atMs: number): Flow => {
  const { system } = world;
  const loads = loadsAt(world, atMs);
  const outside = new Float64Array(system.order.length);
  for (const [index, entry] of system.entries.entries()) outside[system.indexOf[entry.arn] ?? 0] = loads[index] ?? 0;
  const hits = world.disturbances.filter((one) => isActive(one, atMs));
  const served: (Served | undefined)[] = world.flows.at(-1)?.served.slice() ?? [];
  const solving = { world, hits, served, ...passingOf(system, served, hits), inflows: [] };
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    // Who is called how often depends on what passes alone: when that has settled, so has everything.
    if (serveAll(solving, demandOf(system, outside, solving)) < SETTLED) break;
  }
  const all = served.filter((one) => one !== undefined);
  return { atMs, loads, served: all, bad: badShare(system, all) };
};

/** What decides the demand: the share of each resource's requests that goes on, and the arrivals that one call makes. */
type Passing = Readonly<{ shares: Float64Array; arrivals: Float64Array }>;

/** A flow that is being solved. `inflows` is what each resource served last, to see whether it has to serve again. */
type Solving = Passing &
  Readonly<{ world: World; hits: Hits; served: (Served | undefined)[]; inflows: (Inflow | undefined)[] }>;

/** As the last flow had it; at the beginning everything passes at the first attempt. */
const passingOf = (system: System, served: readonly (Served | undefined)[], hits: Hits): Passing => {
  const shares = new Float64Array(system.order.length);
  for (let index = 0; index < shares.length; index += 1) shares[index] = shareOf(served[index]);
  const arrivals = new Float64Array(system.edges.length);
  const known = callsOf(system);
  let place = 0;
  for (const calls of system.calls)
    for (const { edge, to } of calls) {
      const callee = served[to];
      arrivals[place] = callee === undefined ? 1 : callTo(known, place, edge, callee, hits).arrivals;
      place += 1;
    }
  return { shares, arrivals };
};

const shareOf = (served: Served | undefined): number =>
  served === undefined || served.demand <= 0 ? 1 : served.passed / served.demand;

/** The flow that holds now. */
export const flowNow = (world: World): Flow => {
  const last = world.flows.at(-1);
  if (last !== undefined && !world.isStirred) return last;
  const flow = solveFlow(world, world.nowMs);
  world.flows.push(flow);
  world.isStirred = false;
  return flow;
};

/** What one resource serves in a flow; null where no call leads to it. */
export const servedBy = (world: Pick<World, "system">, flow: Flow, arn: string): Served | null => {
  const index = world.system.indexOf[arn];
  return index === undefined ? null : (flow.served[index] ?? null);
};

/** Share of the worst-hit entry's requests that fail or miss their objective, 0..1. */
const badShare = (system: System, served: readonly Served[]): number => {
  let worst = 0;
  for (const entry of system.entries) {
    const one = served[system.indexOf[entry.arn] ?? -1];
    if (one === undefined || one.demand <= 0) continue;
    worst = Math.max(worst, eitherFails(one.errorRate, shareSlowerThan(one.latencyMs, entry.objectiveMs)));
  }
  return worst;
};

type Hits = readonly Disturbance[];

const demandOf = (system: System, outside: Float64Array, { shares, arrivals }: Passing): Float64Array => {
  const demand = Float64Array.from(outside);
  let place = 0;
  for (let index = 0; index < demand.length; index += 1) {
    const passed = (demand[index] ?? 0) * (shares[index] ?? 1);
    for (const { edge, to } of system.calls[index] ?? NO_CALLS) {
      demand[to] = (demand[to] ?? 0) + passed * edge.callsPerRequest * (arrivals[place] ?? 1);
      place += 1;
    }
  }
  return demand;
};

/** Serves everybody once, callees first; the largest change of what passes. */
const serveAll = (solving: Solving, demand: Float64Array): number => {
  const { world, hits, served, shares, arrivals, inflows } = solving;
  const { order, calls, edges } = world.system;
  const known = callsOf(world.system);
  let change = 0;
  let place = edges.length;
  for (let index = order.length - 1; index >= 0; index -= 1) {
    const own = calls[index] ?? NO_CALLS;
    place -= own.length;
    const before = inflows[index];
    const dependencies: DependencyView[] = [];
    let isNew = before === undefined || before.demand !== demand[index];
    for (let call = 0; call < own.length; call += 1) {
      const called = own[call];
      const callee = called === undefined ? undefined : served[called.to];
      if (called === undefined || callee === undefined) continue;
      const { view, arrivals: arriving } = callTo(known, place + call, called.edge, callee, hits);
      change = Math.max(change, relative(arriving, arrivals[place + call]));
      arrivals[place + call] = arriving;
      isNew ||= view !== before?.dependencies[dependencies.length];
      dependencies.push(view);
    }
    // While one flow is solved no state changes: who is asked the same serves the same.
    if (!isNew) continue;
    const inflow = { demand: demand[index] ?? 0, dependencies };
    inflows[index] = inflow;
    const now = serveOne(world, order[index] ?? "", inflow, hits);
    const share = shareOf(now);
    change = Math.max(change, Math.abs(share - (shares[index] ?? 1)));
    shares[index] = share;
    const last = served[index];
    // The same value stays the same object: what is known of it (its metrics, what it is to its callers) holds on.
    if (last === undefined || !isSame(last, now)) served[index] = now;
  }
  return change;
};

const NO_CALLS: readonly IndexedCall[] = [];

const isSame = (one: Served, other: Served): boolean =>
  one.demand === other.demand &&
  one.passed === other.passed &&
  one.errorRate === other.errorRate &&
  one.latencyMs === other.latencyMs &&
  one.utilisation === other.utilisation &&
  one.capacity === other.capacity &&
  one.message === other.message &&
  areSame(one.gauges, other.gauges);

const areSame = (one: Served["gauges"], other: Served["gauges"]): boolean => {
  let names = 0;
  for (const name in one) {
    if (one[name] !== other[name]) return false;
    names += 1;
  }
  for (const _name in other) names -= 1;
  return names === 0;
};

const serveOne = (world: World, arn: string, inflow: Inflow, hits: Hits): Served => {
  const state = world.resources[arn];
  if (state === undefined) throw new Error(`${arn}: calls lead to it, but the world has no such resource`);
  const { serve } = behaviourOf(state);
  if (serve === null) throw new Error(`${arn}: calls lead to it, but a ${state.kind} takes none`);
  let own = serve(world, state, inflow);
  for (const hit of hits) {
    if (hit.from !== null || hit.to !== arn) continue;
    own = {
      ...own,
      errorRate: eitherFails(own.errorRate, hit.errorRate),
      latencyMs: own.latencyMs + hit.latencyMs,
      message: hit.errorRate > own.errorRate ? hit.message : own.message,
    };
  }
  return own;
};

/** One call as its caller sees it, and the attempts of it that arrive. */
type Call = Readonly<{ view: DependencyView; arrivals: number }>;

/** The calls of a system that nothing disturbed, by their places, as they were seen last. */
const callsOf = rememberedLast((_system: System): (Call | undefined)[] => []);

const callTo = (known: (Call | undefined)[], place: number, edge: CallEdge, served: Served, hits: Hits): Call => {
  const hit = hits.length === 0 ? UNHIT : hitsOn(hits, edge);
  const last = known[place];
  if (hit === UNHIT && last?.view.served === served) return last;
  const failure = attemptFailure(edge, served, hit);
  const attempts = attemptsAt(edge, failure);
  const latencyMs = Math.min(served.latencyMs + hit.edgeLatencyMs, edge.timeoutMs) * attempts;
  const view = { edge, served, errorRate: failure ** (edge.retries + 1), latencyMs, message: hit.message };
  // Attempts that fail on their way never arrive.
  const call = { view, arrivals: attempts * (1 - hit.edgeError) };
  if (hit === UNHIT) known[place] = call;
  return call;
};

type EdgeHits = Readonly<{ edgeError: number; edgeLatencyMs: number; message: string | null }>;
const UNHIT: EdgeHits = { edgeError: 0, edgeLatencyMs: 0, message: null };

/** What disturbs the calls of one resource to another. */
const hitsOn = (hits: Hits, edge: CallEdge): EdgeHits => {
  let found = UNHIT;
  for (const hit of hits) {
    if (hit.from !== edge.from || hit.to !== edge.to) continue;
    found = {
      edgeError: eitherFails(found.edgeError, hit.errorRate),
      edgeLatencyMs: found.edgeLatencyMs + hit.latencyMs,
      message: hit.message,
    };
  }
  return found;
};

/** One attempt fails when the way to the callee is broken, the callee errs, or it is slower than the caller waits. */
const attemptFailure = (edge: CallEdge, callee: Served, { edgeError, edgeLatencyMs }: EdgeHits): number => {
  const answered = eitherFails(callee.errorRate, shareSlowerThan(callee.latencyMs + edgeLatencyMs, edge.timeoutMs));
  return eitherFails(edgeError, answered);
};

const attemptsAt = (edge: CallEdge, failure: number): number => {
  let attempts = 1;
  for (let retry = 1; retry <= edge.retries; retry += 1) attempts += failure ** retry;
  return attempts;
};

const relative = (now: number, before: number | undefined): number =>
  before === undefined ? 1 : Math.abs(now - before) / Math.max(now, before, 1e-9);
