import assert from "node:assert/strict";
import { test } from "node:test";
import { undoParameters } from "../../functions/core/automation-document.ts";
import type { Params } from "../../functions/core/runbook.ts";
import { textOf as parameterOf } from "../../functions/world/faults/fault.ts";
import { resourcesOf } from "../../functions/world/graph.ts";
import { runOf, startAutomation } from "../../functions/world/runs.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { MINUTE_MS } from "../../functions/world/state.ts";
import { advance, createWorld, fork } from "../../functions/world/world.ts";
import { described } from "../automation.fixture.ts";
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

const params = {
  ...at,
  ConfigurationProfileId,
  ExpectedVersion: textOf(target, "configurationVersion") ?? "",
  DeploymentNumber,
};

runbookContract(appConfigStopDeployment, {
  world,
  target: target.arn,
  params,
  spoil: { service: "appconfig", api: "StopDeployment", input: { ...at, DeploymentNumber } },
  shows: {
    call: { service: "appconfig", api: "GetDeployment", input: { ...at, DeploymentNumber } },
    selector: "$.State",
    value: "ROLLED_BACK",
  },
  meddle: {
    service: "appconfig",
    api: "StartDeployment",
    input: {
      ...{ ...at, ConfigurationProfileId },
      ConfigurationVersion: textOf(target, "previousConfigurationVersion") ?? "",
      DeploymentStrategyId: "AppConfig.AllAtOnce",
    },
  },
  changes: ["appconfig:StopDeployment"],
});

test("its undo deploys as the stopped deployment went, not to everybody at once", () => {
  const later = fork(world);
  const { automation, undo } = appConfigStopDeployment.documents ?? {};
  assert.ok(automation !== undefined && undo !== undefined && undo !== null);
  const documents = new Map([automation, undo].map((document) => [document.name, document]));
  const run = ({ name: documentName, hash: documentHash }: typeof automation, parameters: Params) => {
    const request = { documentName, documentHash, parameters, clientToken: documentName, tags: {} };
    const started = startAutomation(later, documents, request);
    advance(later, later.nowMs + 10 * MINUTE_MS);
    return started.kind === "started" ? runOf(later, started.executionId) : null;
  };
  const strategyOf = (number: number) =>
    described(
      later,
      { service: "appconfig", api: "GetDeployment", input: { ...at, DeploymentNumber: number } },
      "$.DeploymentStrategyId",
    );

  const ran = run(automation, params);
  run(undo, undoParameters(undo, ran?.outputs ?? {}) ?? {});

  assert.notEqual(strategyOf(DeploymentNumber), "AppConfig.AllAtOnce");
  assert.equal(strategyOf(DeploymentNumber + 1), strategyOf(DeploymentNumber));
});
