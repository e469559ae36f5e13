import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { arnParts, numberOf, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";
import { suspectVersion } from "../suspicion.ts";

const ID = "lambda-traffic-shift";
const TARGET_TYPE = "AWS::Lambda::Alias";

const aim = (target: Resource): Params | null => {
  const [, FunctionName, Alias] = arnParts(target.arn);
  const FunctionVersion = textOf(target, "functionVersion");
  const ExpectedRevisionId = textOf(target, "revisionId");
  if (textOf(target, "additionalVersion") === null || FunctionName === undefined || Alias === undefined) return null;
  return FunctionVersion === null || ExpectedRevisionId === null
    ? null
    : { FunctionName, Alias, FunctionVersion, ExpectedRevisionId };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  const canary = textOf(target, "additionalVersion");
  const routedAtMs = numberOf(target, "routingUpdatedAtMs");
  if (params === null || canary === null || routedAtMs === null || wasTried(context, ID, target.arn)) return [];
  const suspicion = suspectVersion(context, target, canary, routedAtMs);
  return suspicion === null ? [] : [{ target: target.arn, params, ...suspicion }];
};

/** Gives all calls of a Lambda alias to its own version: what a canary does to them ends. */
export const lambdaTrafficShift: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Take a Lambda alias's calls away from its additional version",
  kind: "effect",
  effect: "New calls run the alias's own version alone; those that run now end as they are. No data is touched.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({
    FunctionName: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/),
    Alias: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/),
    FunctionVersion: z.string().regex(/^[1-9][0-9]{0,8}$/),
    ExpectedRevisionId: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  }),
  tier: 1,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 1,
  cooldownSeconds: 3600,
  whenRecovered: "finish",
  treats: ["AWS/Lambda/Errors", "AWS/Lambda/Duration", "AWS/ApiGateway/5XXError"],
  endsDeployment: true,
  departsFrom: "the alias's RoutingConfig",
  blastRadius: (target) => ({ share: 0, resources: 1, zones: target.zones, dataStore: false, capacity: null }),
  suitsWhen:
    "Errors or slowness began within minutes after a Lambda alias gave a share of its calls to another version.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
