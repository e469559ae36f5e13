import { between } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { alterRunning, updateService } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { releaseAt } from "./release.ts";
import { placeThatHurts } from "./severity.ts";
import { shows } from "./symptom.ts";

/**
 * Something that users began to do makes the running version lose memory, until its tasks do nothing but collect
 * garbage and die. Whatever replaces the tasks helps for an hour or more; only the code before it does not leak.
 */
export const ecsMemoryLeak: Fault = {
  id: "ecs-memory-leak",
  family: "code-bug",
  likelihood: 3,
  needs: ["ecs-service"],
  draw: (system, stream) => ({
    ...releaseAt(system, placeThatHurts(system, `${stream}|where`, 0.55, isEcsService)),
    // Full after 80 to 100 minutes: so long a restart helps.
    leakPerMinute: 1 / between(`${stream}|speed`, 0, 80, 100),
  }),
  remedies: () => [
    { runbook: "ecs-force-deployment", at: "arn", does: "heals" },
    { runbook: "ecs-rollback", at: "arn", does: "heals" },
    { runbook: "ecs-cluster-capacity", at: "room", does: "nothing" },
  ],
  course: () => ({ kind: "worsens" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "arn"), ["MemoryUtilization", "Average"], "up", 60),
  ],
  start: (world, active) => {
    const leakPerMinute = numberOf(active.parameters, "leakPerMinute");
    alterRunning(stateAt(world, active, "arn", isEcsService), { leakPerMinute });
  },
  isPresent: (world, active) => {
    const { deployments, taskDefinitions } = stateAt(world, active, "arn", isEcsService);
    return deployments.some(({ taskDefinition }) => (taskDefinitions[taskDefinition]?.leakPerMinute ?? 0) > 0);
  },
  heal: (world, active, act) => {
    const service = stateAt(world, active, "arn", isEcsService);
    const { previousTaskDefinition: taskDefinition } = service;
    if (taskDefinition !== null) act(updateService(service, { taskDefinition }));
  },
};
