import { between } from "../random.ts";
import { isEcsService, runningCount } from "../resources/ecs-deployments.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { releaseAt } from "./release.ts";
import { errorRateFor, placeThatHurts } from "./severity.ts";
import { usersNotice } from "./symptom.ts";

/**
 * What all tasks of a service share takes fewer connections than before, and every task holds a pool of them: the more
 * tasks, the fewer requests find one. Only whoever set the limit can lift it.
 */
export const connectionPoolLimit: Fault = {
  id: "connection-pool-limit",
  family: "capacity",
  likelihood: 2,
  needs: ["ecs-service"],
  draw: (system, stream) => {
    const place = placeThatHurts(system, `${stream}|where`, 0.55, isEcsService);
    const share = between(`${stream}|severity`, 0, 0.1, 0.3);
    return {
      ...releaseAt(system, place),
      refused: Math.min(0.65, errorRateFor(system, place.entry, place.state.arn, share)),
    };
  },
  remedies: () => [
    { runbook: "ecs-scale-out", at: "arn", does: "harms" },
    { runbook: "ecs-cluster-capacity", at: "room", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  start: (world, active) => {
    const service = stateAt(world, active, "arn", isEcsService);
    service.pooledTasks = runningCount(service) * (1 - numberOf(active.parameters, "refused"));
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isEcsService).pooledTasks !== null,
  heal: (world, active) => {
    stateAt(world, active, "arn", isEcsService).pooledTasks = null; // lifts the limit
  },
};
