import { functionGrants } from "../../infra/function-permissions.ts";
import type { FunctionName, Names } from "../../infra/names.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import type { Configuration } from "../core/configuration.ts";

/** A question to IAM about one function's role: these actions on this resource, under what is known of the request. */
export type Question = Readonly<{
  function: FunctionName;
  actions: readonly string[];
  resource: string;
  /** Values of condition keys, by the key. */
  context: Readonly<Record<string, string>>;
  expects: "allowed" | "denied";
}>;

/**
 * What each function was given when it was deployed, one resource of each grant. Grants under a condition are left out:
 * what a request would carry is not known here.
 */
export const grantedQuestions = (
  name: FunctionName,
  about: Readonly<{ configuration: Configuration; names: Names }>,
): readonly Question[] =>
  functionGrants(name, { ...about, catalogue }).flatMap(({ actions, resources: [resource], conditions, deny }) =>
    resource === undefined || conditions !== undefined || deny === true
      ? []
      : [{ function: name, actions, resource: concrete(resource), context: {}, expects: "allowed" as const }],
  );

/** A resource that a pattern fits; "*" stays, for an action without resources is asked about that. */
const concrete = (pattern: string): string =>
  pattern === "*" ? pattern : pattern.replaceAll("*", "any").replaceAll("?", "a");

/** What no function may do, whatever was changed since. */
export const forbiddenQuestions = (names: Names): readonly Question[] => {
  const denied = (name: FunctionName, action: string, resource: string, context = {}): Question => ({
    ...{ function: name, actions: [action], resource, context, expects: "denied" },
  });
  const ledger = names.tableArn("ledger");
  const document = names.arn("ssm", "document/Quell-any-aaaaaaaaaaaa");
  return [
    // The model's words reach this function: nothing that it can call may change anything.
    denied("draft", "ssm:StartAutomationExecution", document),
    denied("draft", "dynamodb:PutItem", ledger),
    denied("draft", "lambda:InvokeFunction", names.liveArn),
    // Who starts effects cannot consent to them, and who consents cannot start.
    denied("respond", "dynamodb:PutItem", names.tableArn("approvals")),
    denied("slack", "ssm:StartAutomationExecution", document),
    // The switch is people's.
    ...(["intake", "respond", "reconcile", "changes"] as const).map((name) =>
      denied(name, "dynamodb:PutItem", ledger, { "dynamodb:LeadingKeys": "switch#agent" }),
    ),
  ];
};
