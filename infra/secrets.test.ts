import assert from "node:assert/strict";
import { test } from "node:test";
import { openLoopback } from "../functions/adapters/aws/loopback.fixture.ts";
import { SECRET, signedEvent } from "../functions/adapters/slack/click.fixture.ts";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { bundleOf } from "./bundle.ts";
import { inFreshProcess } from "./bundles.fixture.ts";
import { ACCOUNT, EXAMPLE, IN_PARAMETERS, KEY, REGION } from "./example.fixture.ts";
import { mayDo, rolesOf } from "./iam.fixture.ts";
import { type FunctionName, namesOf } from "./names.ts";
import { allowedIn, unexplained, writesOf } from "./permissions.ts";
import { synthesized } from "./synth.fixture.ts";

const BY_STORE = { secrets: synthesized(EXAMPLE), parameters: synthesized(IN_PARAMETERS) };
const ALLOWED = {
  secrets: [BY_STORE.secrets.agent, BY_STORE.secrets.runbooks].flatMap(allowedIn),
  parameters: [BY_STORE.parameters.agent, BY_STORE.parameters.runbooks].flatMap(allowedIn),
};
const ROLES = rolesOf(BY_STORE.parameters);
const roleOf = (name: FunctionName): string => namesOf(parseConfiguration(IN_PARAMETERS)).functionRole(name);

const here = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const lines = (of: typeof ALLOWED.secrets, actions: RegExp): readonly string[] =>
  of
    .filter(({ action }) => actions.test(action))
    .map(({ role, action, resource }) => `${role} ${action} ${resource}`)
    .toSorted();

/** The names of the roles that may. */
const whoMay = async (
  action: string,
  resource: string,
  context: Record<string, string> = {},
  resourcePolicy?: unknown,
): Promise<readonly string[]> => {
  const asked = await Promise.all(
    ROLES.map(async (one) => ({ name: one.name, may: await mayDo(one, action, resource, context, resourcePolicy) })),
  );
  return asked.filter(({ may }) => may).map(({ name }) => name);
};

test("where every secret lies in Secrets Manager, nobody reads a parameter or uses a key", () => {
  const found = lines(ALLOWED.secrets, /^(ssm:GetParameter|kms:)/);

  assert.deepEqual(found, []);
});

test("each function reads the secrets that it needs, each where it lies, and no function reads another's", () => {
  const found = lines(ALLOWED.parameters, /^(ssm:GetParameter|secretsmanager:)/);

  assert.deepEqual(found, [
    `${roleOf("draft")} ssm:GetParameter ${here("ssm", "parameter/quell/anthropic")}`,
    `${roleOf("reconcile")} ssm:GetParameter ${here("ssm", "parameter/quell-pagerduty")}`,
    `${roleOf("respond")} secretsmanager:GetSecretValue ${here("secretsmanager", "secret:quell/github-??????")}`,
    `${roleOf("respond")} ssm:GetParameter ${here("ssm", "parameter/quell-pagerduty")}`,
    `${roleOf("respond")} ssm:GetParameter ${here("ssm", "parameter/quell/slack-bot-token")}`,
    `${roleOf("slack")} ssm:GetParameter ${here("ssm", "parameter/quell/slack-signing-secret")}`,
  ]);
});

test("IAM lets a function read its parameter within its boundary, and none beside it, by no other call", async () => {
  const token = here("ssm", "parameter/quell/slack-bot-token");

  assert.deepEqual(await whoMay("ssm:GetParameter", token), [roleOf("respond")]);
  for (const [action, resource] of [
    ["ssm:GetParameter", `${token}-2`],
    ["ssm:GetParameter", here("ssm", "parameter/quell")],
    ["ssm:GetParameters", token],
    ["ssm:GetParametersByPath", here("ssm", "parameter/quell")],
    ["ssm:GetParameterHistory", token],
    ["ssm:PutParameter", token],
  ] as const)
    assert.deepEqual(await whoMay(action, resource), [], `${action} ${resource}`);
});

test("a key of the owner's decrypts for whom a secret under it is, by way of its store alone", async () => {
  const via = (service: string) => ({ "kms:ViaService": `${service}.${REGION}.amazonaws.com` });
  // As a key's policy is when nobody says otherwise: IAM of the account decides.
  const account = { AWS: `arn:aws:iam::${ACCOUNT}:root` };
  const ofKey = { Statement: [{ Effect: "Allow", Principal: account, Action: "kms:*", Resource: "*" }] };

  const asked = await Promise.all([
    whoMay("kms:Decrypt", KEY, via("ssm"), ofKey),
    whoMay("kms:Decrypt", KEY, via("secretsmanager"), ofKey),
    whoMay("kms:Decrypt", KEY, via("s3"), ofKey),
    whoMay("kms:Decrypt", KEY, {}, ofKey),
    whoMay("kms:Decrypt", `${KEY}0`, via("ssm"), ofKey),
    whoMay("kms:Encrypt", KEY, via("ssm"), ofKey),
  ]);

  assert.deepEqual(asked, [[roleOf("slack")], [roleOf("respond")], [], [], [], []]);
});

test("AWS's own key, which trusts whoever of the account comes by way of the store, takes no permission", async () => {
  const own = here("kms", "key/11111111-2222-4333-8444-555555555555");
  const via = { "kms:ViaService": `ssm.${REGION}.amazonaws.com`, "kms:CallerAccount": ACCOUNT };
  const trust = { Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:Decrypt", Resource: "*" };
  const ofKey = { Statement: [{ ...trust, Condition: { StringEquals: via } }] };

  const byStore = await whoMay("kms:Decrypt", own, via, ofKey);
  const byItself = await whoMay("kms:Decrypt", own, { "kms:CallerAccount": ACCOUNT }, ofKey);

  assert.ok(byStore.includes(roleOf("draft")) && byStore.includes(roleOf("respond")));
  assert.deepEqual(byItself, []);
});

test("secrets in Parameter Store bring no wildcard, and no change but the use of a key", () => {
  const before = new Set(
    writesOf(ALLOWED.secrets).map(({ role, action, resource }) => `${role} ${action} ${resource}`),
  );
  const after = writesOf(ALLOWED.parameters);

  const added = after.filter(({ role, action, resource }) => !before.has(`${role} ${action} ${resource}`));

  assert.deepEqual(unexplained(ALLOWED.parameters), []);
  assert.deepEqual(
    added.map(({ role, action, under }) => `${role} ${action} ${under}`),
    [`${roleOf("respond")} kms:Decrypt kms:ViaService`, `${roleOf("slack")} kms:Decrypt kms:ViaService`],
  );
});

for (const [stored, status] of [
  [SECRET, 200],
  ["another", 401],
] as const)
  test(`as it is deployed, slack verifies by the secret of its parameter alone: ${status}`, async (context) => {
    const answer = { Parameter: { Name: "any", Type: "SecureString", Value: stored } };
    const { url, sent } = await openLoopback(context, () => ({
      ...{ kind: "answer", status: 200, headers: { "content-type": "application/x-amz-json-1.1" } },
      body: JSON.stringify(answer),
    }));
    const configuration = parseConfiguration(IN_PARAMETERS);
    const { folder } = bundleOf("slack", { configuration, architecture: "arm64" });
    const event = signedEvent("payload=none", Date.now());
    const invocation = { invokedFunctionArn: here("lambda", "function:quell-slack") };

    const said = await inFreshProcess(
      folder,
      `process.env.AWS_ENDPOINT_URL = ${JSON.stringify(url)};
      const { handler } = await import(at("index.mjs"));
      say((await handler(${JSON.stringify(event)}, ${JSON.stringify(invocation)})).statusCode);`,
    );

    assert.equal(said, status);
    assert.deepEqual(
      sent.map(({ headers, body }) => [headers["x-amz-target"], JSON.parse(String(body))]),
      [["AmazonSSM.GetParameter", { Name: "/quell/slack-signing-secret", WithDecryption: true }]],
    );
  });
