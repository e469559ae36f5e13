import { LambdaClient } from "@aws-sdk/client-lambda";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceReader, seen } from "./kind.ts";
import { configurationOf, reservedOf, sourcesOf } from "./lambda-alias.ts";
import { lambdaFunction } from "./shapes.ts";

/** A function that is called without an alias: nothing of it can be rolled back, its numbers are evidence all the same. */
export const reader: ResourceReader = {
  attributes: ["functionName", "functionVersion", "updatedAtMs", "reservedConcurrentExecutions", "timeout"],
  optional: ["updatedAtMs", "timeout"],
  unreadable: {},
  read: async (clientOf, arns) => {
    const lambda = clientOf(LambdaClient);
    const found = await eachOf(arns, async (arn) => {
      const name = lambdaFunction.nameIn(arn) ?? "";
      return orAbsent(["ResourceNotFoundException"], async () => {
        const [configuration, reserved, sources] = await Promise.all([
          configurationOf(lambda, name, undefined),
          reservedOf(lambda, name),
          sourcesOf(lambda, arn),
        ]);
        return seen({
          ...{ arn, type: lambdaFunction.type, name, part: "code", usedBy: sources },
          attributes: known({
            functionName: name,
            functionVersion: "$LATEST",
            updatedAtMs: configuration.modifiedAtMs,
            reservedConcurrentExecutions: reserved,
            timeout: configuration.timeout,
          }),
        });
      });
    });
    return found.filter((one) => one !== null);
  },
};
