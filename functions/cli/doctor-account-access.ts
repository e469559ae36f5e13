import type { IAMClient } from "@aws-sdk/client-iam";
import { FUNCTIONS, type Names } from "../../infra/names.ts";
import type { Question } from "./doctor-account-actions.ts";
import type { Look } from "./doctor-account-setup.ts";
import { few, ok, problem } from "./doctor-finding.ts";

/**
 * Asks IAM whether the role of each function may do what it was deployed with, and nothing that no function may, with
 * permissions boundaries and the organisation's policies. What a resource's own policy says does not show.
 */
export const permissionsFinding: Look = async ({ clients, names, configuration }) => {
  const { forbiddenQuestions, grantedQuestions } = await import("./doctor-account-actions.ts");
  // What must not be comes first: a list that is cut short shows it.
  const questions = [
    ...forbiddenQuestions(names),
    ...FUNCTIONS.flatMap((name) => grantedQuestions(name, { configuration, names })),
  ];
  const iam = await clients.iam();
  const wrong: string[] = [];
  // One after the other: IAM allows an account few a second.
  for (const question of questions) wrong.push(...(await wrongIn(iam, names, question)));
  return wrong.length === 0
    ? ok(`${questions.length} questions to IAM: every function may do its work, and nothing that it must not`)
    : problem(
        `${wrong.length}: ${few(wrong)}`,
        "deploy again; if it stays, a permissions boundary or the organisation decides so",
      );
};

const wrongIn = async (iam: IAMClient, names: Names, question: Question): Promise<readonly string[]> => {
  const { SimulatePrincipalPolicyCommand } = await import("@aws-sdk/client-iam");
  const { function: name, actions, resource, context, expects } = question;
  const { EvaluationResults = [] } = await iam.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: names.arn("iam", `role/${names.functionRole(name)}`, `:${names.account}`),
      ActionNames: [...actions],
      ResourceArns: [resource],
      ContextEntries: Object.entries(context).map(([ContextKeyName, value]) => ({
        ...{ ContextKeyName, ContextKeyType: "stringList" as const, ContextKeyValues: [value] },
      })),
    }),
  );
  return EvaluationResults.flatMap(({ EvalActionName = "", EvalDecision }) => {
    if ((EvalDecision === "allowed") === (expects === "allowed")) return [];
    const on = `${EvalActionName} on ${resource.split(/[:/]/).at(-1)}`;
    return [expects === "allowed" ? `${name} may not call ${on}` : `${name} may call ${on}, and must not`];
  });
};
