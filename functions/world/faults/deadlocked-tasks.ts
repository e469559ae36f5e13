import { between } from "../random.ts";
import { isEcsService, primaryOf, runningCount } from "../resources/ecs-deployments.ts";
import { updateService } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { releaseAt } from "./release.ts";
import { errorRateFor, placeThatHurts } from "./severity.ts";
import { usersNotice } from "./symptom.ts";

/** Some tasks wait for each other's locks for ever: they run, pass their health checks and answer nothing. */
export const deadlockedTasks: Fault = {
  id: "deadlocked-tasks",
  family: "code-bug",
  likelihood: 3,
  needs: ["ecs-service"],
  draw: (system, stream) => {
    const place = placeThatHurts(system, `${stream}|where`, 0.6, isEcsService);
    const share = between(`${stream}|severity`, 0, 0.12, 0.4);
    return {
      ...releaseAt(system, place),
      stuckShare: Math.min(0.7, errorRateFor(system, place.entry, place.state.arn, share)),
    };
  },
  remedies: () => [
    { runbook: "ecs-force-deployment", at: "arn", does: "heals" },
    { runbook: "ecs-rollback", at: "arn", does: "heals" },
    { runbook: "ecs-scale-out", at: "arn", does: "eases" },
    { runbook: "ecs-cluster-capacity", at: "room", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  start: (world, active) => {
    const service = stateAt(world, active, "arn", isEcsService);
    primaryOf(service).stuckCount = runningCount(service) * numberOf(active.parameters, "stuckShare");
  },
  isPresent: (world, active) =>
    stateAt(world, active, "arn", isEcsService).deployments.some(({ stuckCount }) => stuckCount > 0),
  heal: (world, active, act) => {
    act(updateService(stateAt(world, active, "arn", isEcsService), { forceNewDeployment: true }));
  },
};
