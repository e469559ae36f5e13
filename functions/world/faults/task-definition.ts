import { releaseCode } from "../releases.ts";
import { type EcsService, isEcsService, primaryOf } from "../resources/ecs-deployments.ts";
import type { World } from "../state.ts";
import type { ApiCall } from "../types.ts";
import { type Fault, numberOf, textOf } from "./fault.ts";

const serviceAt = (world: World, arn: string): EcsService => {
  const state = world.resources[arn];
  if (state === undefined || !isEcsService(state)) throw new Error(`${arn}: the fault names no ECS service`);
  return state;
};

/** What a fault needs of a bad release: it starts with one, is there while its tasks are, and ends with a roll back. */
export const badRelease = (message: string): Pick<Fault, "start" | "isPresent" | "heal"> => ({
  start: (world, parameters) => {
    const arn = textOf(parameters, "arn");
    releaseCode(world, arn, {
      errorRate: numberOf(parameters, "errorRate"),
      latencyFactor: numberOf(parameters, "latencyFactor"),
      message,
    });
    rememberRelease(world, arn);
  },
  isPresent: (world, parameters) => isReleasePresent(world, textOf(parameters, "arn")),
  heal: (world, parameters, act) => rollBackService(world, textOf(parameters, "arn"), act),
});

/** Notes which task definition is bad, right after its release, and which one was good. */
const rememberRelease = (world: World, arn: string): void => {
  const service = serviceAt(world, arn);
  world.fault.memory.bad = primaryOf(service).taskDefinition;
  world.fault.memory.good = service.previousTaskDefinition ?? "";
};

/** Whether tasks of the bad release run or are about to. */
const isReleasePresent = (world: World, arn: string): boolean =>
  serviceAt(world, arn).deployments.some((one) => one.taskDefinition === world.fault.memory.bad);

/** Deploys the last good task definition again. */
const rollBackService = (world: World, arn: string, act: (apiCall: ApiCall) => void): void => {
  const { cluster, name } = serviceAt(world, arn);
  const taskDefinition = String(world.fault.memory.good);
  act({ service: "ecs", api: "UpdateService", input: { cluster, service: name, taskDefinition } });
};
