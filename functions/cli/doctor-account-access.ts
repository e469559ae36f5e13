import type { IAMClient } from "@aws-sdk/client-iam";
import { FUNCTIONS, type Names } from "../../infra/names.ts";
import { awsFault } from "./account-errors.ts";
import type { Question } from "./doctor-account-actions.ts";
import type { Account, Look } from "./doctor-account-setup.ts";
import { few, ok, problem, warning } from "./doctor-finding.ts";

/** What the functions may do, and the secrets that they read. */

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

/** Every secret that the configuration names is there. Values are never read. */
export const secretsFinding: Look = async ({ clients, configuration, caller }) => {
  const names = secretsIn(configuration);
  if (names.length === 0) return ok("the configuration names none");
  const { DescribeSecretCommand } = await import("@aws-sdk/client-secrets-manager");
  const secrets = await clients.secrets();
  const looked = await Promise.all(
    names.map(async (name) => {
      try {
        const { DeletedDate } = await secrets.send(new DescribeSecretCommand({ SecretId: name }));
        return { name, found: DeletedDate === undefined ? "there" : "marked for deletion" };
      } catch (error) {
        const { kind } = awsFault(error);
        if (kind !== "absent" && kind !== "denied") throw error;
        return { name, found: kind === "absent" ? "not there" : "denied" };
      }
    }),
  );
  const gone = looked.filter(({ found }) => found === "not there" || found === "marked for deletion");
  if (gone.length > 0)
    return problem(
      few(gone.map(({ name, found }) => `${name} is ${found}`)),
      "create it with `aws secretsmanager create-secret --name NAME --secret-string file://...`, or correct its name",
    );
  const denied = looked.filter(({ found }) => found === "denied").map(({ name }) => name);
  if (denied.length > 0)
    return warning(
      `could not be checked: ${few(denied)}: denied`,
      `allow secretsmanager:DescribeSecret to ${caller.arn}`,
    );
  return ok(`${names.length} of ${names.length} are there: ${few(names)}`);
};

/** The names of every secret in a configuration. */
export const secretsIn = ({ slack, github, pager, anthropicKeySecret }: Account["configuration"]): readonly string[] =>
  [
    slack?.botTokenSecret,
    slack?.signingSecret,
    github?.tokenSecret,
    pager.kind === "pagerduty" ? pager.routingKeySecret : undefined,
    anthropicKeySecret,
  ].filter((name) => name !== undefined);
