import { type EcsService, isEcsService, primaryOf } from "../resources/ecs-deployments.ts";
import type { World } from "../state.ts";
import type { ApiCall } from "../types.ts";

const serviceAt = (world: World, arn: string): EcsService => {
  const state = world.resources[arn];
  if (state === undefined || !isEcsService(state)) throw new Error(`${arn}: the fault names no ECS service`);
  return state;
};

/** Notes which task definition is bad, right after its release, and which one was good. */
export const rememberRelease = (world: World, arn: string): void => {
  const service = serviceAt(world, arn);
  world.fault.memory.bad = primaryOf(service).taskDefinition;
  world.fault.memory.good = service.previousTaskDefinition ?? "";
};

/** Whether tasks of the bad release run or are about to. */
export const isReleasePresent = (world: World, arn: string): boolean =>
  serviceAt(world, arn).deployments.some((one) => one.taskDefinition === world.fault.memory.bad);

/** Deploys the last good task definition again. */
export const rollBackService = (world: World, arn: string, act: (apiCall: ApiCall) => void): void => {
  const { cluster, name } = serviceAt(world, arn);
  const taskDefinition = String(world.fault.memory.good);
  act({ service: "ecs", api: "UpdateService", input: { cluster, service: name, taskDefinition } });
};
