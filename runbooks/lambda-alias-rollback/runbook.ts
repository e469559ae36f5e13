import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { arnParts, numberOf, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";
import { suspectVersion } from "../suspicion.ts";

/** A published version: `$LATEST` is no version to go back to. */
const version = z.string().regex(/^[1-9][0-9]{0,8}$/);

const ID = "lambda-alias-rollback";
const TARGET_TYPE = "AWS::Lambda::Alias";

const aim = (target: Resource): Params | null => {
  const running = textOf(target, "functionVersion");
  const previous = textOf(target, "previousFunctionVersion");
  const [, functionName, alias] = arnParts(target.arn);
  if (running === null || previous === null || running === previous) return null;
  if (functionName === undefined || alias === undefined) return null;
  return { FunctionName: functionName, Alias: alias, FunctionVersion: previous, ExpectedVersion: running };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  const running = textOf(target, "functionVersion");
  const updatedAtMs = numberOf(target, "updatedAtMs");
  if (params === null || running === null || updatedAtMs === null || wasTried(context, ID, target.arn)) return [];
  const suspicion = suspectVersion(context, target, running, updatedAtMs);
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
  departsFrom: "the alias's FunctionVersion",
  blastRadius: (target) => ({ share: 0, resources: 1, zones: target.zones, dataStore: false, capacity: null }),
  suitsWhen: "Errors or slowness began within minutes after a Lambda alias moved to another version.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
