import { activeDisturbances, loadOf } from "./load.ts";
import type { DependencyView } from "./resource-type.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { eitherFails, shareSlowerThan } from "./saturation.ts";
import type { CallEdge, Served, World } from "./state.ts";

export type Flow = Readonly<Record<string, Served>>;

const ROUNDS = 6; // retries and failures feed each other; six rounds settle a chain of four
const SETTLED = 1e-4; // far below the noise of any metric

/**
 * The steady flow under the world's state and the load of the minute that holds `atMs`: demand runs from callers to
 * callees, retries included; errors and latency run back.
 */
export const flowAt = (world: World, atMs: number): Flow => {
  const served: Record<string, Served> = {};
  const calls = callsByCaller(world);
  const loads = world.entries.map((entry) => ({ arn: entry.arn, perSecond: loadOf(world, entry, atMs) }));
  for (let round = 0; round < ROUNDS; round += 1) {
    const demand = demandOf(world, loads, calls, served);
    let change = 0;
    for (let index = world.order.length - 1; index >= 0; index -= 1) {
      const arn = world.order[index] ?? "";
      const before = served[arn];
      const now = serveOne(world, atMs, { arn, demand: demand[arn] ?? 0, calls: calls[arn] ?? [] }, served);
      change = Math.max(
        change,
        Math.abs(now.errorRate - (before?.errorRate ?? 0)),
        relative(now.passed, before?.passed),
      );
      served[arn] = now;
    }
    if (change < SETTLED) break;
  }
  return served;
};

/** Share of the worst-hit entry's requests that fail or miss their objective, 0..1. */
export const badShare = (world: World, flow: Flow): number => {
  let worst = 0;
  for (const entry of world.entries) {
    const served = flow[entry.arn];
    if (served === undefined || served.demand <= 0) continue;
    worst = Math.max(worst, eitherFails(served.errorRate, shareSlowerThan(served.latencyMs, entry.objectiveMs)));
  }
  return worst;
};

type Load = Readonly<{ arn: string; perSecond: number }>;

const demandOf = (world: World, loads: readonly Load[], calls: Calls, served: Flow): Record<string, number> => {
  const demand: Record<string, number> = {};
  for (const load of loads) demand[load.arn] = load.perSecond;
  for (const arn of world.order) {
    const caller = demand[arn] ?? 0;
    const before = served[arn];
    const passed = before === undefined || before.demand <= 0 ? caller : (caller * before.passed) / before.demand;
    for (const edge of calls[arn] ?? []) {
      const callee = served[edge.to];
      const attempts = callee === undefined ? 1 : attemptsAt(edge, attemptFailure(edge, callee));
      demand[edge.to] = (demand[edge.to] ?? 0) + passed * edge.callsPerRequest * attempts;
    }
  }
  return demand;
};

const serveOne = (world: World, atMs: number, one: Turn, served: Flow): Served => {
  const { arn, demand, calls } = one;
  const state = world.resources[arn];
  if (state === undefined) throw new Error(`${arn}: calls lead to it, but the world has no such resource`);
  const dependencies: DependencyView[] = [];
  for (const edge of calls) {
    const callee = served[edge.to];
    if (callee !== undefined) dependencies.push(viewOf(edge, callee));
  }
  let own = behaviourOf(state).serve(world, state, { demand, dependencies });
  for (const disturbance of activeDisturbances(world, arn, atMs)) {
    own = {
      ...own,
      errorRate: eitherFails(own.errorRate, disturbance.errorRate),
      latencyMs: own.latencyMs + disturbance.latencyMs,
      message: disturbance.errorRate > own.errorRate ? disturbance.message : own.message,
    };
  }
  return own;
};

type Calls = Readonly<Record<string, readonly CallEdge[]>>;
type Turn = Readonly<{ arn: string; demand: number; calls: readonly CallEdge[] }>;

const callsByCaller = (world: World): Calls => {
  const calls: Record<string, CallEdge[]> = {};
  for (const edge of world.edges) {
    const known = calls[edge.from];
    if (known === undefined) calls[edge.from] = [edge];
    else known.push(edge);
  }
  return calls;
};

/** One attempt fails when the callee errs or is slower than the caller waits. */
const attemptFailure = (edge: CallEdge, callee: Served): number =>
  eitherFails(callee.errorRate, shareSlowerThan(callee.latencyMs, edge.timeoutMs));

const attemptsAt = (edge: CallEdge, failure: number): number => {
  let attempts = 1;
  for (let retry = 1; retry <= edge.retries; retry += 1) attempts += failure ** retry;
  return attempts;
};

const viewOf = (edge: CallEdge, callee: Served): DependencyView => {
  const failure = attemptFailure(edge, callee);
  const latencyMs = Math.min(callee.latencyMs, edge.timeoutMs) * attemptsAt(edge, failure);
  return { edge, served: callee, errorRate: failure ** (edge.retries + 1), latencyMs };
};

const relative = (now: number, before: number | undefined): number =>
  before === undefined ? 1 : Math.abs(now - before) / Math.max(now, before, 1e-9);
