import assert from "node:assert/strict";
import { test } from "node:test";
import { undoParameters } from "../../functions/core/automation-document.ts";
import type { Params } from "../../functions/core/runbook.ts";
import { textOf as parameterOf } from "../../functions/world/faults/fault.ts";
import { resourcesOf } from "../../functions/world/graph.ts";
import { runOf, startAutomation } from "../../functions/world/runs.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { MINUTE_MS } from "../../functions/world/state.ts";
import { advance, configurationHash, createWorld, fork } from "../../functions/world/world.ts";
import { runbookContract } from "../contract.ts";
import { numberOf, textOf } from "../facts.ts";
import { appConfigRollback } from "./runbook.ts";

// Half an hour after a bad flag was deployed to everybody at once: the deployment is complete.
const world = createWorld(scenarioWith(7, 3, "bad-flag"));
advance(world, world.scenario.onsetMs + 30 * MINUTE_MS);
const [target] = resourcesOf(world, [parameterOf(world.faults[0]?.parameters ?? {}, "flags")]);
if (target === undefined) throw new Error("the fault's flags are in the graph");
const at = {
  ApplicationId: textOf(target, "applicationId") ?? "",
  EnvironmentId: textOf(target, "environmentId") ?? "",
};
const number = numberOf(target, "deploymentNumber") ?? 0;
const previous = textOf(target, "previousConfigurationVersion") ?? "";
const ConfigurationProfileId = textOf(target, "configurationProfileId") ?? "";

const params = {
  ...{ ...at, ConfigurationProfileId },
  ...{ ConfigurationVersion: previous, ExpectedDeploymentNumber: number },
};

runbookContract(appConfigRollback, {
  world,
  target: target.arn,
  params,
  spoil: { service: "appconfig", api: "StopDeployment", input: { ...at, DeploymentNumber: number, AllowRevert: true } },
  shows: {
    call: { service: "appconfig", api: "ListDeployments", input: at },
    selector: "$.Items[0].ConfigurationVersion",
    value: previous,
  },
  meddle: [
    {
      service: "appconfig",
      api: "StopDeployment",
      input: { ...at, DeploymentNumber: number + 1, AllowRevert: true },
    },
    {
      service: "appconfig",
      api: "StartDeployment",
      input: {
        ...{ ...at, ConfigurationProfileId, ConfigurationVersion: previous },
        DeploymentStrategyId: "AppConfig.AllAtOnce",
      },
    },
  ],
  changes: ["appconfig:StartDeployment"],
});

test("an undo after the deployment has baked reverts it", () => {
  const later = fork(world);
  const { automation, undo } = appConfigRollback.documents ?? {};
  assert.ok(automation !== undefined && undo !== undefined && undo !== null);
  const documents = new Map([automation, undo].map((document) => [document.name, document]));
  const run = ({ name: documentName, hash: documentHash }: typeof automation, parameters: Params) => {
    const request = { documentName, documentHash, parameters, clientToken: documentName, tags: {} };
    const started = startAutomation(later, documents, request);
    advance(later, later.nowMs + 15 * MINUTE_MS);
    return started.kind === "started" ? runOf(later, started.executionId) : null;
  };
  const before = configurationHash(later);

  const ran = run(automation, params);
  const between = configurationHash(later);
  const undone = run(undo, undoParameters(undo, ran?.outputs ?? {}) ?? {});

  assert.deepEqual([ran?.status, undone?.status], ["succeeded", "succeeded"]);
  assert.notEqual(between, before);
  assert.equal(configurationHash(later), before);
});
