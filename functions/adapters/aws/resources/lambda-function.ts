import { restAfter } from "./arn.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceKind, seen } from "./kind.ts";
import { configurationOf, reservedOf, sourcesOf } from "./lambda-alias.ts";

const TYPE = "AWS::Lambda::Function";

/** A function that is called without an alias: nothing of it can be rolled back, its numbers are evidence all the same. */
export const lambdaFunction: ResourceKind = {
  type: TYPE,
  owns: (arn) => /^[A-Za-z0-9_-]+$/.test(restAfter(arn, "lambda", "function:") ?? ""),
  attributes: ["functionName", "functionVersion", "updatedAtMs", "reservedConcurrentExecutions", "timeout"],
  optional: ["updatedAtMs", "timeout"],
  unreadable: {},
  read: async ({ lambda }, arns) => {
    const found = await eachOf(arns, async (arn) => {
      const name = restAfter(arn, "lambda", "function:") ?? "";
      return orAbsent(["ResourceNotFoundException"], async () => {
        const [configuration, reserved, sources] = await Promise.all([
          configurationOf(lambda, name, undefined),
          reservedOf(lambda, name),
          sourcesOf(lambda, arn),
        ]);
        return seen({
          ...{ arn, type: TYPE, name, part: "code", usedBy: sources },
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
