import type { Resource } from "../core/evidence.ts";
import type { Json } from "../core/json.ts";
import type { CallEdge, MetricShape, MinuteTotals, ResourceState, Served, World } from "./state.ts";
import type { ApiReply } from "./types.ts";

/** A call to a dependency as the caller sees it, retries and timeouts included. */
export type DependencyView = Readonly<{ edge: CallEdge; served: Served; errorRate: number; latencyMs: number }>;
export type Inflow = Readonly<{ demand: number; dependencies: readonly DependencyView[] }>;

/** One closed minute of one metric; null is a minute without a datapoint. */
export type Datapoint = Readonly<{ shape: MetricShape; value: number | null }>;
/** All of one resource's metrics for one closed minute, by name; they share their dimensions. */
export type Samples = Readonly<{
  namespace: string;
  dimensions: Readonly<Record<string, string>>;
  datapoints: Readonly<Record<string, Datapoint>>;
}>;

export type ApiInput = Readonly<Record<string, Json>>;
/** One API of one AWS service. `changes` ones are effects; the state must be left as it was when the reply is an error. */
export type ApiHandler = Readonly<{
  service: string;
  api: string;
  changes: boolean;
  answer: (world: World, input: ApiInput) => ApiReply;
}>;

/** What is wrong with a release: its error share, how much slower it is, and what it logs. */
export type Defect = Readonly<{ errorRate: number; latencyFactor: number; message: string }>;
/** Versions in the control plane's own words. */
export type Released = Readonly<{ from: string; to: string }>;

/** The part of a resource that its own file answers for, for its own state. */
export type ResourceBehaviour<State extends ResourceState> = Readonly<{
  kind: string;
  isOne: (resource: ResourceState) => resource is State;
  /** Its row in the graph, without `dependsOn`, which the calls give. */
  describe: (state: State) => Pick<Resource, "type" | "zones" | "tags" | "attributes">;
  /** What API calls configure: no counters, no times. */
  configuration: (state: State) => Json;
  serve: (world: World, state: State, inflow: Inflow) => Served;
  /** Moves what accumulates (a backlog, leaked connections) over a span of constant load. */
  elapse: ((world: World, state: State, served: Served, elapsedMs: number) => void) | null;
  /** Null where it has no metrics. */
  samples: (world: World, state: State, totals: MinuteTotals) => Samples | null;
  /** Handles its own agenda items. */
  happen: ((world: World, state: State, what: string, subject: string) => void) | null;
  /** Deploys the next version of its code; null where it runs no code of ours. */
  release: ((world: World, state: State, defect: Defect | null) => Released) | null;
  apis: readonly ApiHandler[];
}>;

/** A resource type as shared code sees it: any state comes in, its own kind is asked. */
export type ResourceType = ResourceBehaviour<ResourceState>;

/** Closes over a resource's own state type. The result throws on a state of another kind. */
export const resourceType = <State extends ResourceState>(behaviour: ResourceBehaviour<State>): ResourceType => {
  const own = (state: ResourceState): State => {
    if (behaviour.isOne(state)) return state;
    throw new TypeError(`${state.arn} is a ${state.kind}, not a ${behaviour.kind}`);
  };
  const { elapse, happen, release } = behaviour;
  return {
    kind: behaviour.kind,
    isOne: (resource): resource is ResourceState => behaviour.isOne(resource),
    describe: (state) => behaviour.describe(own(state)),
    configuration: (state) => behaviour.configuration(own(state)),
    serve: (world, state, inflow) => behaviour.serve(world, own(state), inflow),
    elapse: elapse === null ? null : (world, state, served, elapsedMs) => elapse(world, own(state), served, elapsedMs),
    samples: (world, state, totals) => behaviour.samples(world, own(state), totals),
    happen: happen === null ? null : (world, state, what, subject) => happen(world, own(state), what, subject),
    release: release === null ? null : (world, state, defect) => release(world, own(state), defect),
    apis: behaviour.apis,
  };
};

/** All resources of one kind, in the order in which the world was built. */
export const resourcesOfKind = <State extends ResourceState>(
  world: World,
  isOne: (resource: ResourceState) => resource is State,
): readonly State[] => Object.values(world.resources).filter(isOne);

export const failed = (code: string, message: string): ApiReply => ({ ok: false, code, message });
export const answered = (output: Json): ApiReply => ({ ok: true, output });

/** A text member of an API's input, or null where it is absent or something else. */
export const textOf = (input: ApiInput, member: string): string | null => {
  const value = input[member];
  return typeof value === "string" && value !== "" ? value : null;
};

export const count = (value: number | null): Datapoint => ({ shape: "count", value });
export const gauge = (value: number | null): Datapoint => ({ shape: "gauge", value });
export const latency = (value: number | null): Datapoint => ({ shape: "latency", value });
