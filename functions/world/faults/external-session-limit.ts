import { between } from "../random.ts";
import { isEcsService, runningCount } from "../resources/ecs-deployments.ts";
import { isExternalApi } from "../resources/external-api.ts";
import { record } from "../state.ts";
import { ecsCaller } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { providerPlace } from "./provider-place.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { harmIn, harmOf } from "./severity.ts";
import { shows } from "./symptom.ts";

/** A provider gives fewer sessions than tasks want one. Every task that is added waits for one with the others. */
export const externalSessionLimit: Fault = {
  id: "external-session-limit",
  family: "dependency",
  likelihood: 2,
  needs: ["external-api"],
  draw: (system, stream) => {
    const { arn } = providerPlace(system, `${stream}|where`);
    const client = ecsCaller(system, arn);
    const sessionShare = between(`${stream}|severity`, 0, 0.35, 0.7);
    const ofMoreTasks = harmOf(system, arn, 1 - sessionShare, 1 - sessionShare / 2);
    return { arn, client, sessionShare, ofMoreTasks };
  },
  remedies: (parameters) =>
    atIfAny(parameters, "client", { "ecs-scale-out": harmIn(parameters, "ofMoreTasks"), ...CODE_IN_VAIN }),
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Errors", "Sum"], "up")],
  start: (world, active) => {
    const { parameters } = active;
    const provider = stateAt(world, active, "arn", isExternalApi);
    const client = world.resources[textOf(parameters, "client")];
    const isCounted = client !== undefined && isEcsService(client);
    provider.client = isCounted ? client.arn : null;
    provider.mostSessions = (isCounted ? runningCount(client) : 1) * numberOf(parameters, "sessionShare");
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isExternalApi).mostSessions !== null,
  heal: (world, active) => {
    stateAt(world, active, "arn", isExternalApi).mostSessions = null;
    record(world, "repaired", { id: active.id });
  },
};
