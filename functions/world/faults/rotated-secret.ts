import { between } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { isExternalApi, isRefusingKeys } from "../resources/external-api.ts";
import { record } from "../state.ts";
import { ecsCaller, updateService } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { providerPlace } from "./provider-place.ts";
import { atIfAny } from "./remedy.ts";
import { shows } from "./symptom.ts";

/**
 * A provider's key was rotated, and most of its sites refuse the old one. Tasks read it when they start: those that run
 * hold the old one.
 */
export const rotatedSecret: Fault = {
  id: "rotated-secret",
  family: "auth",
  likelihood: 3,
  needs: ["external-api"],
  draw: (system, stream) => {
    const { arn } = providerPlace(system, `${stream}|where`);
    return { arn, client: ecsCaller(system, arn), share: between(`${stream}|severity`, 0, 0.55, 0.85) };
  },
  remedies: (parameters) =>
    atIfAny(parameters, "client", {
      "ecs-force-deployment": "heals",
      "ecs-rollback": "heals",
      "ecs-scale-out": "eases",
    }),
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Errors", "Sum"], "up")],
  start: (world, active) => {
    const provider = stateAt(world, active, "arn", isExternalApi);
    const client = world.resources[textOf(active.parameters, "client")];
    const tasksStarted = client !== undefined && isEcsService(client) ? client.tasksStarted : 0;
    provider.client = textOf(active.parameters, "client") || null;
    provider.refusedKeys = { tasks: "started-before", tasksStarted, share: numberOf(active.parameters, "share") };
  },
  isPresent: (world, active) => isRefusingKeys(world, stateAt(world, active, "arn", isExternalApi)),
  heal: (world, active, act) => {
    const provider = stateAt(world, active, "arn", isExternalApi);
    const client = world.resources[textOf(active.parameters, "client")];
    if (client !== undefined && isEcsService(client)) {
      act(updateService(client, { forceNewDeployment: true }));
      return;
    }
    provider.refusedKeys = null;
    record(world, "repaired", { id: active.id });
  },
};
