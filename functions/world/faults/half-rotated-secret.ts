import { between } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { isExternalApi, isRefusingKeys } from "../resources/external-api.ts";
import { eitherFails } from "../saturation.ts";
import { record } from "../state.ts";
import { ecsCaller } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { providerPlace } from "./provider-place.ts";
import { atIfAny } from "./remedy.ts";
import { harmIn, harmOf } from "./severity.ts";
import { shows } from "./symptom.ts";

/**
 * A wrong key was stored for a provider. Tasks that run since before hold the right one; a few were replaced meanwhile
 * and fail. Whatever starts tasks makes it worse, and it looks like the rotation that a restart cures.
 */
export const halfRotatedSecret: Fault = {
  id: "half-rotated-secret",
  family: "auth",
  likelihood: 3,
  needs: ["external-api"],
  draw: (system, stream) => {
    const { arn } = providerPlace(system, `${stream}|where`);
    const client = ecsCaller(system, arn);
    const share = between(`${stream}|severity`, 0, 0.2, 0.5);
    return {
      ...{ arn, client, share },
      ofMoreTasks: harmOf(system, arn, share, eitherFails(share, 0.5)),
      ofNewTasks: harmOf(system, arn, share, 1),
    };
  },
  remedies: (parameters) =>
    atIfAny(parameters, "client", {
      "ecs-force-deployment": harmIn(parameters, "ofNewTasks"),
      "ecs-rollback": harmIn(parameters, "ofNewTasks"),
      "ecs-scale-out": harmIn(parameters, "ofMoreTasks"),
    }),
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Errors", "Sum"], "up")],
  start: (world, active) => {
    const provider = stateAt(world, active, "arn", isExternalApi);
    const client = world.resources[textOf(active.parameters, "client")];
    const tasksStarted = client !== undefined && isEcsService(client) ? client.tasksStarted : 0;
    provider.client = textOf(active.parameters, "client") || null;
    provider.refusedKeys = { tasks: "started-since", tasksStarted, share: numberOf(active.parameters, "share") };
  },
  isPresent: (world, active) => isRefusingKeys(world, stateAt(world, active, "arn", isExternalApi)),
  heal: (world, active) => {
    stateAt(world, active, "arn", isExternalApi).refusedKeys = null;
    record(world, "repaired", { id: active.id });
  },
};
