import type { Json } from "../../core/json.ts";
import { call } from "../aws-api.ts";
import { flowNow, servedBy } from "../flow.ts";
import { scenarioWith } from "../scenario.ts";
import { MINUTE_MS, type ResourceState, type Served, type World } from "../state.ts";
import type { ServicePlan, Topology } from "../topology.ts";
import { advance, createWorld } from "../world.ts";

const service = (name: string, more: Partial<ServicePlan>): ServicePlan => ({
  name,
  role: "front",
  blueprint: "api-lambda",
  severity: 1,
  entryPerSecond: null,
  perSecond: 20,
  calls: [],
  ...more,
});
const toWorker = { to: "orders", callsPerRequest: 0.1, retries: 0, timeoutMs: 5000, isAsync: true };

/** Two fronts, an API and a distribution, that both send to one worker's queue. */
const TOPOLOGY: Topology = {
  system: "shop",
  peakHour: 12,
  services: [
    service("gateway", { entryPerSecond: 200, perSecond: 200, calls: [toWorker] }),
    service("web", { blueprint: "cdn-web", entryPerSecond: 200, perSecond: 200, calls: [toWorker] }),
    service("orders", { role: "worker", blueprint: "queue-worker", perSecond: 40 }),
  ],
};

/** A healthy world ten minutes after its clock began, in which nothing is released. */
export const serverlessWorld = (): World => {
  const scenario = scenarioWith(5, 5, "none", { topology: TOPOLOGY });
  const world = createWorld({ ...scenario, benignChanges: [] });
  advance(world, world.clockStartMs + 10 * MINUTE_MS);
  return world;
};

/** One call by hand: its output as plain JSON, or the code of its error. */
export const ask = (world: World, service: string, api: string, input: Record<string, Json>) => {
  const reply = call(world, { executionId: null, person: "tester" }, { service, api, input });
  return reply.ok ? JSON.parse(JSON.stringify(reply.output)) : reply.code;
};

/** The only resource of a kind in a service. Throws where there is none. */
export const stateOf = <State extends ResourceState>(
  world: World,
  isOne: (resource: ResourceState) => resource is State,
  isFit: (state: State) => boolean = () => true,
): State => {
  const found = Object.values(world.resources).filter(isOne).find(isFit);
  if (found === undefined) throw new Error("this world has none of the kind");
  return found;
};

/** What a resource serves now. Throws where no call leads to it. */
export const servedNow = (world: World, { arn }: ResourceState): Served => {
  const served = servedBy(world, flowNow(world), arn);
  if (served === null) throw new Error(`${arn}: no call leads to it`);
  return served;
};

export const minutesLater = (world: World, minutes: number): void => advance(world, world.nowMs + minutes * MINUTE_MS);
