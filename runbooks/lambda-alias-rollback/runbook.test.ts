import { runbookContract } from "../contract.ts";
import { arnParts, textOf } from "../facts.ts";
import { healthyWorld, resourceOfType } from "../world.fixture.ts";
import { lambdaAliasRollback } from "./runbook.ts";

const world = healthyWorld();
const target = resourceOfType(world, "AWS::Lambda::Alias");
const [, functionName = "", alias = ""] = arnParts(target.arn);
const running = textOf(target, "functionVersion") ?? "";
const previous = textOf(target, "previousFunctionVersion") ?? "";

runbookContract(lambdaAliasRollback, {
  world,
  target: target.arn,
  params: { FunctionName: functionName, Alias: alias, FunctionVersion: previous, ExpectedVersion: running },
  spoil: {
    service: "lambda",
    api: "UpdateAlias",
    input: { FunctionName: functionName, Name: alias, FunctionVersion: previous },
  },
  shows: {
    call: { service: "lambda", api: "GetAlias", input: { FunctionName: functionName, Name: alias } },
    selector: "$.FunctionVersion",
    value: previous,
  },
  meddle: {
    service: "lambda",
    api: "UpdateAlias",
    input: {
      ...{ FunctionName: functionName, Name: alias },
      RoutingConfig: { AdditionalVersionWeights: { [running]: 0.05 } },
    },
  },
  changes: ["lambda:UpdateAlias"],
});
