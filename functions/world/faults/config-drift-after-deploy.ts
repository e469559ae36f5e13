import { between, wholeBetween } from "../random.ts";
import { releaseCode } from "../releases.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { calm, disturb, isDisturbed } from "./disturbances.ts";
import { type Fault, numberOf, textOf } from "./fault.ts";
import { entryAbove, placeOf } from "./place.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/**
 * A parameter was edited by hand days ago; tasks read it when they start, so a release without any fault of its own
 * brings it to light. Every task that starts from now on reads the same, whatever version it runs.
 */
export const configDriftAfterDeploy: Fault = {
  id: "config-drift-after-deploy",
  family: "config",
  likelihood: 3,
  needs: ["ecs-service"],
  draw: (system, stream) => {
    const { arn } = placeOf(system, `${stream}|where`, isEcsService);
    return {
      arn,
      entry: entryAbove(system, arn),
      errorRate: between(`${stream}|severity`, 0, 0.6, 0.95),
      startMinutes: wholeBetween(`${stream}|speed`, 0, 1, 3),
    };
  },
  remedies: (parameters) => atIfAny(parameters, "arn", CODE_IN_VAIN),
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  start: (world, { id, parameters }) => {
    const to = textOf(parameters, "arn");
    releaseCode(world, to, null);
    const hit = { from: null, to, errorRate: numberOf(parameters, "errorRate"), latencyMs: 0 };
    const message = "ValidationError: parameter 'region_map' is empty";
    disturb(world, id, { ...hit, message }, { afterMinutes: numberOf(parameters, "startMinutes"), minutes: 0 });
  },
  isPresent: (world, { id }) => isDisturbed(world, id),
  heal: (world, { id }) => calm(world, id),
};
