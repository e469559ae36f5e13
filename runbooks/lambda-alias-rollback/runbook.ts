import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { arnParts, numberOf, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";
import { suspectVersion } from "../suspicion.ts";

/** A published version: `$LATEST` is no version to go back to. */
const version = z.string().regex(/^[1-9][0-9]{0,8}$/);

const ID = "lambda-alias-rollback";
const TARGET_TYPE = "AWS::Lambda::Alias";

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const running = textOf(target, "functionVersion");
  const previous = textOf(target, "previousFunctionVersion");
  const updatedAtMs = numberOf(target, "updatedAtMs");
  const [, functionName, alias] = arnParts(target.arn);
  if (running === null || previous === null || updatedAtMs === null) return [];
  if (functionName === undefined || alias === undefined || running === previous) return [];
  const suspicion = wasTried(context, ID, target.arn) ? null : suspectVersion(context, target, running, updatedAtMs);
  const params = { FunctionName: functionName, Alias: alias, FunctionVersion: previous, ExpectedVersion: running };
  return suspicion === null ? [] : [{ target: target.arn, params, ...suspicion }];
};

/** Points a Lambda alias at the version that it pointed at before. */
export const lambdaAliasRollback: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Point a Lambda alias at its previous version",
  kind: "effect",
  effect: "New invocations run the previous version; those that run now end as they are. No data is touched.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({
    FunctionName: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/),
    Alias: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/),
    FunctionVersion: version,
    ExpectedVersion: version,
  }),
  tier: 1,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 2,
  cooldownSeconds: 2 * 3600,
  whenRecovered: "finish",
  treats: ["AWS/Lambda/Errors", "AWS/Lambda/Duration", "AWS/SQS/ApproximateAgeOfOldestMessage"],
  endsDeployment: true,
  blastRadius: (target) => ({ share: 0, resources: 1, zones: target.zones, dataStore: false, capacity: null }),
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
