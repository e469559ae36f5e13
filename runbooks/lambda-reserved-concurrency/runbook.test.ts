import assert from "node:assert/strict";
import { test } from "node:test";
import type { Series } from "../../functions/core/evidence.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { advance, createWorld } from "../../functions/world/world.ts";
import { contextWith, minutes, resource, series } from "../context.fixture.ts";
import { runbookContract } from "../contract.ts";
import { arnParts, numberOf } from "../facts.ts";
import { resourceWith } from "../resource.fixture.ts";
import { lambdaReservedConcurrency } from "./runbook.ts";

const world = createWorld(scenarioWith(7, 3, "lambda-throttled"));
advance(world, world.scenario.onsetMs - 60_000);
const target = resourceWith(world, "AWS::Lambda::Alias", "reservedConcurrentExecutions");
const [, functionName = ""] = arnParts(target.arn);
const now = numberOf(target, "reservedConcurrentExecutions") ?? 0;
const named = { FunctionName: functionName };

runbookContract(lambdaReservedConcurrency, {
  world,
  target: target.arn,
  params: { ...named, ReservedConcurrentExecutions: now * 2, ExpectedReservedConcurrentExecutions: now },
  spoil: {
    service: "lambda",
    api: "PutFunctionConcurrency",
    input: { ...named, ReservedConcurrentExecutions: now + 1 },
  },
  shows: {
    call: { service: "lambda", api: "GetFunctionConcurrency", input: named },
    selector: "$.ReservedConcurrentExecutions",
    value: String(now * 2),
  },
  meddle: {
    service: "lambda",
    api: "PutFunctionConcurrency",
    input: { ...named, ReservedConcurrentExecutions: now + 1 },
  },
  changes: ["lambda:PutFunctionConcurrency"],
});

const since = (before: number, after: number) => minutes(60, (minutesAgo) => (minutesAgo <= 12 ? after : before));
const fitWith = (reserved: number | null, all: readonly Series[]): number | undefined => {
  const attributes = { functionVersion: "7", reservedConcurrentExecutions: reserved };
  const resources = [resource(target.arn, "AWS::Lambda::Alias", { attributes })];
  return lambdaReservedConcurrency.suits(contextWith({ resources, series: all }))[0]?.fit;
};
const throttles = series(target.arn, "Throttles", since(0, 400));
const running = (after: number) => series(target.arn, "ConcurrentExecutions", since(4, after));

test("throttles with the whole reservation in use are a strong match, and a doubtful one below it", () => {
  const fits = [fitWith(10, [throttles, running(10)]), fitWith(10, [throttles, running(4)])];

  assert.ok((fits[0] ?? 0) > 0.7 && (fits[1] ?? 1) < 0.45, `${fits}`);
});

test("a function without a reservation, or one that turns nothing away, gets no suggestion", () => {
  const quiet = series(target.arn, "Throttles", since(0, 0));

  assert.deepEqual(
    [fitWith(null, [throttles, running(10)]), fitWith(10, [quiet, running(10)])],
    [undefined, undefined],
  );
});

test("where what runs fails too, more of it is a doubtful remedy", () => {
  const errors = series(target.arn, "Errors", since(1, 300));

  const fit = fitWith(10, [throttles, running(10), errors]);

  assert.ok((fit ?? 1) < 0.45, `${fit}`);
});

test("it takes no more than a tenth of the account's pool at once", () => {
  const large = resource(target.arn, "AWS::Lambda::Alias", { attributes: { reservedConcurrentExecutions: 300 } });
  const params = { ...named, ExpectedReservedConcurrentExecutions: 300 };

  const aimed = lambdaReservedConcurrency.aim(large);
  const taken = [400, 401].map(
    (ReservedConcurrentExecutions) =>
      lambdaReservedConcurrency.parameters.safeParse({ ...params, ReservedConcurrentExecutions }).success,
  );

  assert.equal(aimed?.ReservedConcurrentExecutions, 400);
  assert.deepEqual(taken, [true, false]);
});
