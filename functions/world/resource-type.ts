import type { Resource } from "../core/evidence.ts";
import type { Json } from "../core/json.ts";
import type { CallEdge, ResourceState, Served, World } from "./state.ts";
import type { ApiCall, ApiReply } from "./types.ts";

/**
 * A call to a dependency as the caller sees it, retries and timeouts included. `message` says what ails the way to it
 * (a denied call, a broken name), null where the callee's own answers are all there is to say.
 */
export type DependencyView = Readonly<{
  edge: CallEdge;
  served: Served;
  errorRate: number;
  latencyMs: number;
  message: string | null;
}>;
export type Inflow = Readonly<{ demand: number; dependencies: readonly DependencyView[] }>;

/**
 * How a metric's values are made of its level. `count`: a number a minute, Poisson-like; `sparse`: the same, and a minute
 * with none has no datapoint, as CloudWatch does for errors; `gauge`, `percent` (0..100), `whole` (a rounded gauge) and
 * `latency` (log-normal, so that it has percentiles): a level with relative noise.
 */
export type MetricShape = "count" | "sparse" | "gauge" | "percent" | "whole" | "latency";

/** The level of one metric while a flow holds, before noise (`noise`: relative standard deviation); null: no datapoint. */
export type Level = Readonly<{ shape: MetricShape; value: number | null; noise: number }>;
/** A resource's metrics under one set of dimensions, by name. */
export type Samples = Readonly<{
  namespace: string;
  dimensions: Readonly<Record<string, string>>;
  levels: Readonly<Record<string, Level>>;
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

/** What a person at the console tries on a resource without knowing more: restart it, roll it back, make it larger. */
export type Habit<State extends ResourceState> = Readonly<{
  does: "restart" | "roll-back" | "enlarge" | "switch-off";
  /** Null where there is nothing to do it to. */
  call: (world: World, state: State) => ApiCall | null;
}>;

/** The part of a resource that its own file answers for, for its own state. */
export type ResourceBehaviour<State extends ResourceState> = Readonly<{
  kind: string;
  isOne: (resource: ResourceState) => resource is State;
  /** Its row in the graph, without `dependsOn`, which calls and uses give. */
  describe: (state: State) => Pick<Resource, "type" | "zones" | "tags" | "attributes">;
  /** What API calls configure: no counters, no times. */
  configuration: (state: State) => Json;
  /** What it makes of the demand now. Null: no call ever leads to it. Everything that its metrics show goes into gauges. */
  serve: ((world: World, state: State, inflow: Inflow) => Served) | null;
  /**
   * Moves what accumulates (a backlog, leaked connections) over a span of constant load; true where it serves otherwise
   * from now on. Null where nothing does.
   */
  elapse: ((world: World, state: State, served: Served, elapsedMs: number) => boolean) | null;
  /** The metrics while a flow holds, from what it serves and from what never changes of the state. */
  samples: (state: State, served: Served) => readonly Samples[];
  /** Handles its own agenda items. */
  happen: ((world: World, state: State, what: string, subject: string) => void) | null;
  /** Deploys the next version of its code; null where it runs no code of ours. */
  release: ((world: World, state: State, defect: Defect | null) => Released) | null;
  /** What two parts of a system make of a resource that both name (a cluster); null where each has its own. */
  join: ((one: State, other: State) => State) | null;
  habits: readonly Habit<State>[];
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
  const { serve, elapse, happen, release, join } = behaviour;
  return {
    kind: behaviour.kind,
    isOne: (resource): resource is ResourceState => behaviour.isOne(resource),
    describe: (state) => behaviour.describe(own(state)),
    configuration: (state) => behaviour.configuration(own(state)),
    serve: serve === null ? null : (world, state, inflow) => serve(world, own(state), inflow),
    elapse: elapse === null ? null : (world, state, served, elapsedMs) => elapse(world, own(state), served, elapsedMs),
    samples: (state, served) => behaviour.samples(own(state), served),
    happen: happen === null ? null : (world, state, what, subject) => happen(world, own(state), what, subject),
    release: release === null ? null : (world, state, defect) => release(world, own(state), defect),
    join: join === null ? null : (one, other) => join(own(one), own(other)),
    habits: behaviour.habits.map(({ does, call }) => ({ does, call: (world, state) => call(world, own(state)) })),
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

export const count = (perMinute: number | null): Level => ({ shape: "count", value: perMinute, noise: 0 });
export const sparse = (perMinute: number | null): Level => ({ shape: "sparse", value: perMinute, noise: 0 });
export const gauge = (value: number | null, noise = 0): Level => ({ shape: "gauge", value, noise });
export const percent = (value: number | null, noise = 0.02): Level => ({ shape: "percent", value, noise });
export const whole = (value: number | null, noise = 0): Level => ({ shape: "whole", value, noise });
export const latency = (value: number | null, noise = 0.02): Level => ({ shape: "latency", value, noise });
