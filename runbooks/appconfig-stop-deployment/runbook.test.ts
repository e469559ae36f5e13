import { textOf as parameterOf } from "../../functions/world/faults/fault.ts";
import { resourcesOf } from "../../functions/world/graph.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { MINUTE_MS } from "../../functions/world/state.ts";
import { advance, createWorld } from "../../functions/world/world.ts";
import { runbookContract } from "../contract.ts";
import { numberOf, textOf } from "../facts.ts";
import { appConfigStopDeployment } from "./runbook.ts";

// Two fifths of the targets have a bad configuration, and the deployment goes on.
const world = createWorld(scenarioWith(7, 3, "bad-config-rollout"));
advance(world, world.scenario.onsetMs + 10 * MINUTE_MS);
const [target] = resourcesOf(world, [parameterOf(world.faults[0]?.parameters ?? {}, "flags")]);
if (target === undefined) throw new Error("the fault's flags are in the graph");
const at = {
  ApplicationId: textOf(target, "applicationId") ?? "",
  EnvironmentId: textOf(target, "environmentId") ?? "",
};
const DeploymentNumber = numberOf(target, "deploymentNumber") ?? 0;
const ConfigurationProfileId = textOf(target, "configurationProfileId") ?? "";

runbookContract(appConfigStopDeployment, {
  world,
  target: target.arn,
  params: {
    ...at,
    ConfigurationProfileId,
    ExpectedVersion: textOf(target, "configurationVersion") ?? "",
    DeploymentNumber,
  },
  spoil: { service: "appconfig", api: "StopDeployment", input: { ...at, DeploymentNumber } },
  shows: {
    call: { service: "appconfig", api: "GetDeployment", input: { ...at, DeploymentNumber } },
    selector: "$.State",
    value: "ROLLED_BACK",
  },
  changes: ["appconfig:StopDeployment"],
});
