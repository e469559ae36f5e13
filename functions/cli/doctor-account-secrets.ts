import { type Secret, secretText } from "../core/secret.ts";
import { awsFault } from "./account-errors.ts";
import type { Account, Look } from "./doctor-account-setup.ts";
import { few, ok, problem, warning } from "./doctor-finding.ts";

/** What is known of a secret without its value; `key` is the KMS key of the owner's that it is under, null for AWS's own. */
type State =
  | Readonly<{ kind: "there"; key: string | null }>
  | Readonly<{ kind: "useless"; is: string }>
  | Readonly<{ kind: "denied" }>;

/** What a store needs of whoever looks, and how a secret is put there. */
const STORES = {
  secret: {
    action: "secretsmanager:DescribeSecret",
    create: "aws secretsmanager create-secret --name NAME --secret-string file://...",
  },
  parameter: {
    action: "ssm:DescribeParameters",
    create: "aws ssm put-parameter --type SecureString --name NAME --value file://...",
  },
} as const;

type Store = (typeof STORES)[keyof typeof STORES];

/** What is said of each store in which one of these lies. */
const ofEach = (secrets: readonly Readonly<{ secret: Secret }>[], say: (store: Store) => string): string =>
  [...new Set(secrets.map(({ secret }) => say("parameter" in secret ? STORES.parameter : STORES.secret)))].join(", ");

/** Every secret that the configuration names is there, and under a key that it names. Values are never read. */
export const secretsFinding: Look = async ({ clients, configuration, caller }) => {
  const secrets = secretsIn(configuration);
  if (secrets.length === 0) return ok("the configuration names none");
  const looked = await Promise.all(secrets.map(async (secret) => ({ secret, state: await seen(clients, secret) })));
  const useless = looked.flatMap(({ secret, state }) => (state.kind === "useless" ? [{ secret, is: state.is }] : []));
  if (useless.length > 0)
    return problem(
      few(useless.map(({ secret, is }) => `${secretText(secret)} is ${is}`)),
      `create it with ${ofEach(useless, ({ create }) => `\`${create}\``)}, or correct its name`,
    );
  const denied = looked.filter(({ state }) => state.kind === "denied");
  if (denied.length > 0)
    return warning(
      `could not be checked: ${few(denied.map(({ secret }) => secretText(secret)))}: denied`,
      `allow ${ofEach(denied, ({ action }) => action)} to ${caller.arn}`,
    );
  const locked = looked.flatMap(({ secret, state }) =>
    state.kind === "there" && state.key !== null && secret.key === undefined ? [{ secret, key: state.key }] : [],
  );
  if (locked.length > 0)
    return warning(
      few(
        locked.map(({ secret, key }) => `${secretText(secret)} is under ${key}, which the configuration does not name`),
      ),
      "name the ARN of the key beside the secret, as `key`, and deploy again; else the key's own policy must let the role decrypt",
    );
  return ok(`${secrets.length} of ${secrets.length} are there: ${few(secrets.map(secretText))}`);
};

const seen = async (clients: Account["clients"], secret: Secret): Promise<State> => {
  try {
    return "parameter" in secret ? await parameter(clients, secret.parameter) : await named(clients, secret.secret);
  } catch (error) {
    const { kind } = awsFault(error);
    if (kind === "absent") return { kind: "useless", is: "not there" };
    if (kind === "denied") return { kind: "denied" };
    throw error;
  }
};

const named = async (clients: Account["clients"], name: string): Promise<State> => {
  const { DescribeSecretCommand } = await import("@aws-sdk/client-secrets-manager");
  const { DeletedDate, KmsKeyId } = await (await clients.secrets()).send(new DescribeSecretCommand({ SecretId: name }));
  if (DeletedDate !== undefined) return { kind: "useless", is: "marked for deletion" };
  return { kind: "there", key: ownersKey(KmsKeyId) };
};

const parameter = async (clients: Account["clients"], name: string): Promise<State> => {
  const { paginateDescribeParameters } = await import("@aws-sdk/client-ssm");
  const filter = { ParameterFilters: [{ Key: "Name", Option: "Equals", Values: [name] }] };
  // A page may be empty though another follows.
  for await (const { Parameters = [] } of paginateDescribeParameters({ client: await clients.ssm() }, filter))
    for (const { Type, KeyId } of Parameters)
      return Type === "SecureString"
        ? { kind: "there", key: ownersKey(KeyId) }
        : { kind: "useless", is: `a ${Type}, in plain text: delete it first` };
  return { kind: "useless", is: "not there" };
};

/** Null for one of AWS's own, which let decrypt whoever may read. */
const ownersKey = (key: string | undefined): string | null =>
  key === undefined || key === "" || /\balias\/aws\//.test(key) ? null : key;

const secretsIn = ({ slack, github, pager, anthropicKeySecret }: Account["configuration"]): readonly Secret[] =>
  [
    slack?.botTokenSecret,
    slack?.signingSecret,
    github?.tokenSecret,
    pager.kind === "pagerduty" ? pager.routingKeySecret : undefined,
    anthropicKeySecret,
  ].filter((secret) => secret !== undefined);
