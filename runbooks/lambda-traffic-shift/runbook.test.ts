import assert from "node:assert/strict";
import { test } from "node:test";
import { call } from "../../functions/world/aws-api.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { advance, createWorld, fork } from "../../functions/world/world.ts";
import { described } from "../automation.fixture.ts";
import { contextWith, minutes, NOW_MS, resource, series } from "../context.fixture.ts";
import { runbookContract } from "../contract.ts";
import { arnParts, textOf } from "../facts.ts";
import { resourceWith } from "../resource.fixture.ts";
import { lambdaTrafficShift } from "./runbook.ts";

const world = createWorld(scenarioWith(7, 3, "lambda-canary-bad"));
advance(world, world.scenario.onsetMs + 600_000);
const target = resourceWith(world, "AWS::Lambda::Alias", "additionalVersion");
const [, functionName = "", alias = ""] = arnParts(target.arn);
const named = { FunctionName: functionName, Name: alias };
const version = textOf(target, "functionVersion") ?? "";
const unweighted = { ...named, RoutingConfig: { AdditionalVersionWeights: {} } };
const shifted = fork(world);
call(shifted, { executionId: null, person: "tester" }, { service: "lambda", api: "UpdateAlias", input: unweighted });
const canary = textOf(target, "additionalVersion") ?? "";

runbookContract(lambdaTrafficShift, {
  world,
  target: target.arn,
  params: {
    FunctionName: functionName,
    Alias: alias,
    FunctionVersion: version,
    ExpectedRevisionId: textOf(target, "revisionId") ?? "",
  },
  spoil: {
    service: "lambda",
    api: "UpdateAlias",
    input: { ...named, RoutingConfig: { AdditionalVersionWeights: { [canary]: 0.9 } } },
  },
  shows: {
    call: { service: "lambda", api: "GetAlias", input: named },
    selector: "$.RevisionId",
    value: String(described(shifted, { service: "lambda", api: "GetAlias", input: named }, "$.RevisionId")),
  },
  meddle: {
    service: "lambda",
    api: "UpdateAlias",
    input: { ...named, RoutingConfig: { AdditionalVersionWeights: { [canary]: 0.9 } } },
  },
  changes: ["lambda:UpdateAlias"],
});

const fitWith = (attributes: Readonly<Record<string, string | number | null>>): number | undefined => {
  const told = { functionVersion: "7", revisionId: "0b1c2d3e-0000-4000-8000-000000000000", ...attributes };
  const resources = [resource(target.arn, "AWS::Lambda::Alias", { attributes: told })];
  const errors = minutes(60, (minutesAgo) => (minutesAgo <= 12 ? 400 : 1));
  const seen = [
    series(target.arn, "Errors", errors),
    series(
      target.arn,
      "Invocations",
      minutes(60, () => 2000),
    ),
  ];
  return lambdaTrafficShift.suits(contextWith({ resources, series: seen }))[0]?.fit;
};

test("errors within minutes of a new share are a strong match, hours after it none", () => {
  const fits = [14, 300].map((minutesAgo) =>
    fitWith({ additionalVersion: "8", additionalVersionWeight: 0.3, routingUpdatedAtMs: NOW_MS - minutesAgo * 60_000 }),
  );

  assert.ok((fits[0] ?? 0) > 0.7, `${fits}`);
  assert.equal(fits[1], undefined);
});

test("an alias without an additional version has no share to take away", () => {
  assert.equal(fitWith({ additionalVersion: null, routingUpdatedAtMs: NOW_MS - 840_000 }), undefined);
});
