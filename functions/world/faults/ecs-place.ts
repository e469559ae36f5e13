import { pick } from "../random.ts";
import { type EcsCluster, isEcsCluster } from "../resources/ecs-cluster.ts";
import { type EcsService, isEcsService, primaryOf } from "../resources/ecs-deployments.ts";
import { isTargetGroup, type TargetGroup } from "../resources/load-balancer-zones.ts";
import type { System } from "../system.ts";
import type { ApiCall } from "../types.ts";
import { callsTo } from "./place.ts";

/**
 * An ECS service behind a target group that users reach first (an edge of the same service may stand before it), with
 * the entry at which they arrive. Throws RangeError where the system has none.
 */
export const ecsFront = (
  system: System,
  stream: string,
): Readonly<{ entry: string; group: TargetGroup; service: EcsService }> => {
  const owners = new Map(system.states.map(({ arn, service }) => [arn, service]));
  const groups = system.states.filter(isTargetGroup);
  const fronts = system.entries
    .filter(({ meanPerSecond }) => meanPerSecond > 0)
    .flatMap(({ arn: entry }) => {
      const own = system.states.filter(isEcsService).find((one) => one.service === owners.get(entry));
      const group = groups.find(({ arn }) => arn === own?.targetGroup);
      return own === undefined || group === undefined ? [] : [{ entry, group, service: own }];
    });
  return pick(stream, 0, fronts);
};

/** The cluster of a service. Throws RangeError where the system has none. */
export const clusterOf = (system: System, { arn, cluster }: EcsService): EcsCluster => {
  const found = system.states.filter(isEcsCluster).find((one) => one.arn === cluster);
  if (found === undefined) throw new RangeError(`${arn}: the system has no cluster ${cluster}`);
  return found;
};

/** An ECS service by its ARN, as the system was built; null where it is something else. */
export const ecsAt = (system: System, arn: string): EcsService | null => {
  const state = system.states.find((one) => one.arn === arn);
  return state !== undefined && isEcsService(state) ? state : null;
};

/** The ECS service that calls a resource most; "" where only others do, or none. */
export const ecsCaller = (system: System, arn: string): string =>
  callsTo(system, arn).find(({ from }) => ecsAt(system, from) !== null)?.from ?? "";

/** Changes what the running task definition does, as when its data, its load or its registry changes under it. */
export const alterRunning = (
  service: EcsService,
  change: Readonly<Partial<Omit<EcsService["taskDefinitions"][string], "arn">>>,
): void => {
  const { taskDefinition } = primaryOf(service);
  const known = service.taskDefinitions[taskDefinition];
  if (known !== undefined) service.taskDefinitions[taskDefinition] = { ...known, ...change };
};

/** How much slower a task must be for a request that calls it so often, one call after the other, to take `addedMs` more. */
export const latencyFactorFor = (calls: number, service: EcsService, addedMs: number): number =>
  Math.round(addedMs / Math.max(calls, 0.1) / service.latencyMs);

/** UpdateService as a person at the console calls it. */
export const updateService = (
  { cluster, name }: EcsService,
  change: Readonly<{ desiredCount: number } | { taskDefinition: string } | { forceNewDeployment: true }>,
): ApiCall => ({ service: "ecs", api: "UpdateService", input: { cluster, service: name, ...change } });
