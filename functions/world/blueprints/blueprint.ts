import type { SettingsInput } from "../../core/settings.ts";
import type { CallEdge, ResourceState } from "../state.ts";
import type { Role, ServicePlan } from "../topology.ts";
import type { CompositeAlarm, MetricAlarm } from "../types.ts";

/** A service level indicator as a service's owner writes it into Quell's settings. */
export type SliPlan = SettingsInput["services"][number]["slis"][number];

/** An alarm as its owner made it: what it watches, and what it says to people. */
export type AlarmPlan = Readonly<{ description: string }> &
  (Omit<MetricAlarm, "state" | "changedAtMs"> | Omit<CompositeAlarm, "state" | "changedAtMs">);

/** Where a service is built. `hourly` is the daily shape's factor at the clock's start, so that all is sized for that hour. */
export type Site = Readonly<{
  system: string;
  clockStartMs: number;
  hourly: number;
  /** The cluster for its tasks: one cluster a handful of services. */
  cluster: string;
  /** The name of a stream for one fact of this service. */
  stream: (fact: string) => string;
}>;

/** What one service is made of. The first resource of `states` is the one that people think of as the service. */
export type Part = Readonly<{
  states: readonly ResourceState[];
  /** Calls among its own resources. */
  edges: readonly CallEdge[];
  /** The resource at which a call of another service, or load from outside, arrives. */
  takes: string;
  /** The resource that calls other services; null where nothing does. */
  calls: string | null;
  /** What a request (or a message) may take in ms where users are served; slower is bad, like failed. Null: no users here. */
  objectiveMs: number | null;
  alarms: readonly AlarmPlan[];
  /** At least two. */
  slis: readonly SliPlan[];
}>;

/** One way to build a service out of AWS's resources. Each answers for itself; the list is in `all-blueprints.ts`. */
export type Blueprint = Readonly<{
  id: string;
  role: Role;
  /** Weight among the blueprints of its role. */
  likelihood: number;
  /** Kinds of the resources that it always has, so that a fault which needs one can ask for it. */
  brings: readonly string[];
  build: (plan: ServicePlan, site: Site) => Part;
}>;
