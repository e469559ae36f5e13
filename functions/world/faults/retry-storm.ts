import { between } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { updateService } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { releaseAt } from "./release.ts";
import { placeThatHurts } from "./severity.ts";
import { shows } from "./symptom.ts";

/**
 * A moment's trouble was enough: the clients of a service repeat what timed out, which keeps it saturated, which makes
 * them repeat. It lasts until there is room for all of them at once, or until a restart drops their connections.
 */
export const retryStorm: Fault = {
  id: "retry-storm",
  family: "code-bug",
  likelihood: 2,
  needs: ["ecs-service"],
  draw: (system, stream) => ({
    ...releaseAt(system, placeThatHurts(system, `${stream}|where`, 0.35, isEcsService)),
    // Twice the tasks must end it, at half their capacity in quiet times, and the hour of the day must not.
    amplification: between(`${stream}|severity`, 0, 2.5, 2.85),
  }),
  remedies: () => [
    { runbook: "ecs-scale-out", at: "arn", does: "heals" },
    { runbook: "ecs-force-deployment", at: "arn", does: "heals" },
    { runbook: "ecs-cluster-capacity", at: "room", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["CPUUtilization", "Average"], "up")],
  start: (world, active) => {
    stateAt(world, active, "arn", isEcsService).amplification = numberOf(active.parameters, "amplification");
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isEcsService).amplification > 1,
  heal: (world, active, act) => {
    act(updateService(stateAt(world, active, "arn", isEcsService), { forceNewDeployment: true }));
  },
};
