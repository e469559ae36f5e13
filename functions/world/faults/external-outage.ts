import { between, chance, wholeBetween } from "../random.ts";
import { isAppConfigFlags } from "../resources/appconfig-deployments.ts";
import { nextVersion } from "./bad-version.ts";
import { isAskedByWorkers } from "./call-place.ts";
import { disturbedResource } from "./disturbances.ts";
import { ecsCaller } from "./ecs-place.ts";
import { type Fault, stateAt, textOf } from "./fault.ts";
import { flagsOf } from "./flags-place.ts";
import { callsTo } from "./place.ts";
import { providerPlace } from "./provider-place.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { shows } from "./symptom.ts";

const disturbed = disturbedResource("503 Service Unavailable");

/**
 * A provider is down for hours, or until somebody does without it: where workers call it their queues are late for longer
 * than it lasts. Nothing here brings it back. Now and then a caller's flags were deployed just then, and look guilty.
 */
export const externalOutage: Fault = {
  id: "external-outage",
  family: "dependency",
  likelihood: 3,
  needs: ["external-api"],
  draw: (system, stream) => {
    const { arn } = providerPlace(system, `${stream}|where`);
    const [call] = callsTo(system, arn);
    const flags = call === undefined ? null : flagsOf(system, call.from);
    return {
      arn,
      client: ecsCaller(system, arn),
      innocentFlags: flags !== null && chance(`${stream}|coincidence`, 0, 0.5) ? flags.arn : "",
      errorRate: between(`${stream}|severity`, 0, 0.6, 1),
      latencyMs: 0,
      minutes: isAskedByWorkers(system, arn) ? 0 : wholeBetween(`${stream}|minutes`, 0, 60, 300),
    };
  },
  remedies: (parameters) => [
    ...atIfAny(parameters, "client", CODE_IN_VAIN),
    ...atIfAny(parameters, "innocentFlags", {
      "appconfig-stop-deployment": "nothing",
      "appconfig-rollback": "nothing",
    }),
  ],
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Errors", "Sum"], "up")],
  ...disturbed,
  start: (world, active) => {
    disturbed.start(world, active);
    if (textOf(active.parameters, "innocentFlags") === "") return;
    nextVersion(world, stateAt(world, active, "innocentFlags", isAppConfigFlags), [], "AppConfig.AllAtOnce");
  },
};
