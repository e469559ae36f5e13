import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient, waitUntilFunctionActiveV2 } from "@aws-sdk/client-lambda";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { FUNCTIONS } from "../../infra/names.ts";
import { dynamoDbLedger } from "../adapters/aws/dynamodb-ledger.ts";
import { openLoopback, type Reply, refusal } from "../adapters/aws/loopback.fixture.ts";
import { answer, type Operation, openOperations, seconds } from "../adapters/aws/operations.fixture.ts";
import { type Emulator, startMinistack } from "../adapters/emulators/emulators.fixture.ts";
import { configurationIn, run, SHOP, speakTo } from "./account.fixture.ts";
import { deployByHand, documentsAsDeployed } from "./account-deployed.fixture.ts";

type Told = Readonly<{ name: string; status: "ok" | "warning" | "problem"; found: string; advice: string | null }>;

/** What the emulator does not know, as AWS would say it of a whole account. */
const elsewhere = (): Readonly<Record<string, Operation>> => ({
  ...documentsAsDeployed(),
  GetServiceQuota: () => answer({ Quota: { QuotaName: "Concurrently executing automations", Value: 100 } }),
  DescribeAlarmHistory: () =>
    answer({ AlarmHistoryItems: [{ AlarmName: "shop-quell-drill", Timestamp: seconds(Date.now() - 3_600_000) }] }),
});

const DENIED_BY_CONDITION = `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult>
<EvaluationResults><member><EvalActionName>dynamodb:PutItem</EvalActionName><EvalDecision>explicitDeny</EvalDecision></member></EvaluationResults>
<IsTruncated>false</IsTruncated></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`;

const deniedByCondition = (): Reply => ({
  ...{ kind: "answer", status: 200, headers: { "content-type": "text/xml" }, body: DENIED_BY_CONDITION },
});

/** Secrets are looked at before anything is deployed, and so in a moment. */
const UNDEPLOYED = { ...SHOP, name: "nobody" };

describe("quell doctor --account", () => {
  let ministack: Emulator;
  before(async () => {
    ministack = await startMinistack();
    await deployByHand(ministack, SHOP);
    const client = new LambdaClient(ministack.clientConfig);
    for (const name of FUNCTIONS)
      await waitUntilFunctionActiveV2({ client, maxWaitTime: 60, minDelay: 1 }, { FunctionName: `quell-${name}` });
    const ledger = dynamoDbLedger(new DynamoDBClient(ministack.clientConfig), "quell-ledger");
    await ledger.write("switch#agent", { position: "off", by: "ada", atMs: 0, because: "a rehearsal" }, null);
  });
  after(() => ministack.stop());

  /** The emulator, with some operations answered before it; it ignores conditions, so those on a leading key are answered too. */
  const examined = async (
    context: TestContext,
    {
      scripted = {},
      configuration = SHOP,
      args = [],
    }: Readonly<{ scripted?: Readonly<Record<string, Operation>>; configuration?: unknown; args?: readonly string[] }>,
  ) => {
    const { loopback } = await openOperations(context, { ...elsewhere(), ...scripted }, { to: ministack.endpoint });
    const front = await openLoopback(context, ({ body }) =>
      body.includes("ContextEntries.member.1") ? deniedByCondition() : { kind: "pass", to: loopback.url },
    );
    speakTo(front.url);
    const { code, out, err } = await run(
      "doctor",
      "--account",
      "--json",
      "--config",
      configurationIn(configuration),
      ...args,
    );
    const checks: readonly Told[] = code === 2 ? [] : JSON.parse(out).checks;
    return { code, err, checks, sent: front.sent, told: (name: string) => checks.find((one) => one.name === name) };
  };

  it("finds nothing amiss in a deployed agent but what its owner left to do, and exits 0", async (context) => {
    const { code, err, checks, told } = await examined(context, {});

    assert.deepEqual(
      checks.filter(({ status }) => status === "problem"),
      [],
    );
    assert.deepEqual([code, err], [0, ""]);
    assert.deepEqual(
      checks.filter(({ status }) => status === "warning").map(({ name }) => name),
      ["functions"],
    );
    assert.match(
      told("functions")?.found ?? "",
      /6 functions are ready; not as this copy would be deployed: draft \(0123456789ab\)/,
    );
    assert.match(told("permissions")?.found ?? "", /^\d\d+ questions to IAM: every function may do its work/);
    assert.match(told("documents")?.found ?? "", /^\d+ documents are deployed as they stand here$/);
    assert.match(told("alarms")?.found ?? "", /^1 alarm named shop-\.\.\.; 1 of a service$/);
    assert.match(told("switch")?.found ?? "", /^off since 1970-01-01T00:00:00\.000Z, by ada: a rehearsal$/);
    for (const { status, advice } of checks) assert.equal(status === "ok", advice === null);
  });

  it("sends nothing that writes", async (context) => {
    const { sent } = await examined(context, {});

    const operations = sent.map(
      ({ headers, body, method }) =>
        headers["x-amz-target"]?.split(".").at(-1) ??
        new URLSearchParams(body.toString("utf8")).get("Action") ??
        method,
    );
    assert.ok(operations.length > 50);
    assert.deepEqual(
      operations.filter((one) => !/^(Describe|Get|List|Simulate|GET)/.test(one)),
      [],
    );
  });

  it("what the caller may not ask is a warning that names the permission, and no problem", async (context) => {
    const denied: Operation = () =>
      refusal(
        "json-1.1",
        400,
        "AccessDeniedException",
        "User: ada is not authorized to perform: ssm:GetDocument on resource: x",
      );

    const { code, told } = await examined(context, { scripted: { GetDocument: denied, DescribeAlarms: denied } });

    assert.equal(code, 0);
    assert.deepEqual(
      [told("documents")?.status, told("documents")?.found, told("alarms")?.status],
      ["warning", "could not be checked: ssm:GetDocument is denied", "warning"],
    );
    assert.match(told("documents")?.advice ?? "", /^allow ssm:GetDocument to arn:aws:/);
  });

  it("a document that is gone and one that holds something else are a problem, each named", async (context) => {
    const spoilt = documentsAsDeployed((name, content) =>
      name.startsWith("Quell-ecs-rollback-undo-")
        ? null
        : name.startsWith("Quell-ecs-scale-out-") && !name.includes("undo")
          ? content.replace("Raises", "Lowers")
          : content,
    );

    const { code, told } = await examined(context, { scripted: spoilt });

    assert.deepEqual([code, told("documents")?.status], [1, "problem"]);
    assert.match(
      told("documents")?.found ?? "",
      /^2 of \d+: Quell-ecs-rollback-undo-\w{12} is not there; Quell-ecs-scale-out-\w{12} holds something else$/,
    );
  });

  it("deliveries that were given up are a problem that says how to put them back", async (context) => {
    const sqs = new SQSClient(ministack.clientConfig);
    const QueueUrl = `${ministack.endpoint}/123456789012/quell-alarms-dead`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "lost" }));

    const { code, told } = await examined(context, {});

    assert.deepEqual([code, told("dead letters")?.found], [1, "1 deliveries in quell-alarms-dead were given up"]);
    assert.match(told("dead letters")?.advice ?? "", /quell replay-dlq/);
  });

  it("secrets are asked for by name and never read: what is missing is a problem", async (context) => {
    await new SecretsManagerClient(ministack.clientConfig).send(
      new CreateSecretCommand({ Name: "slack/bot", SecretString: "xoxb-not-for-you" }),
    );
    const slack = {
      teamId: "T012AB3CD",
      channelId: "C012AB3CD",
      botTokenSecret: "slack/bot",
      signingSecret: "slack/sign",
    };

    const { told, sent, err, checks } = await examined(context, { configuration: { ...SHOP, slack } });

    assert.deepEqual(
      [told("secrets")?.status, told("secrets")?.found],
      ["problem", "the secret slack/sign is not there"],
    );
    assert.match(told("secrets")?.advice ?? "", /^create it with `aws secretsmanager create-secret [^`]*`, or correct/);
    assert.ok(!sent.some(({ headers }) => headers["x-amz-target"]?.endsWith("GetSecretValue")));
    assert.doesNotMatch(`${JSON.stringify(checks)}${err}`, /xoxb/);
  });

  it("so are parameters: one that is missing or in plain text is a problem, and none is ever read", async (context) => {
    const ssm = new SSMClient(ministack.clientConfig);
    for (const [Name, Type] of [
      ["/doctor/safe", "SecureString"],
      ["/doctor/plain", "String"],
    ] as const)
      await ssm.send(new PutParameterCommand({ Name, Type, Value: "xoxb-not-for-you" }));
    const slack = {
      ...{ teamId: "T012AB3CD", channelId: "C012AB3CD" },
      ...{ botTokenSecret: { parameter: "/doctor/safe" }, signingSecret: { parameter: "/doctor/plain" } },
    };
    const github = { tokenSecret: { parameter: "/doctor/absent" } };

    const all = await examined(context, { configuration: { ...UNDEPLOYED, slack, github } });
    const whole = { ...slack, signingSecret: { parameter: "/doctor/safe" } };
    const well = await examined(context, { configuration: { ...UNDEPLOYED, slack: whole } });

    assert.deepEqual(
      [all.told("secrets")?.status, all.told("secrets")?.found],
      [
        "problem",
        "the parameter /doctor/plain is a String, in plain text: delete it first; the parameter /doctor/absent is not there",
      ],
    );
    assert.match(
      all.told("secrets")?.advice ?? "",
      /^create it with `aws ssm put-parameter --type SecureString [^`]*`, or correct its name$/,
    );
    assert.match(well.told("secrets")?.found ?? "", /^2 of 2 are there: the parameter \/doctor\/safe; /);
    const sent = [...all.sent, ...well.sent].map(({ headers }) => headers["x-amz-target"]);
    assert.ok(!sent.some((target) => /\.GetParameter/.test(target ?? "")));
    assert.doesNotMatch(JSON.stringify(all.checks), /xoxb/);
  });

  it("a secret under a key of the owner's that the configuration does not name is a warning that names both", async (context) => {
    const KeyId = "arn:aws:kms:eu-west-1:123456789012:key/0f5a6e3d-2c1b-4a59-8d7e-9f8a7b6c5d4e";
    const put = { Name: "/doctor/locked", Type: "SecureString", Value: "xoxb-not-for-you", KeyId } as const;
    await new SSMClient(ministack.clientConfig).send(new PutParameterCommand(put));
    const naming = (tokenSecret: unknown) => ({ configuration: { ...UNDEPLOYED, github: { tokenSecret } } });

    const unnamed = await examined(context, naming({ parameter: "/doctor/locked" }));
    const named = await examined(context, naming({ parameter: "/doctor/locked", key: KeyId }));

    assert.deepEqual([unnamed.told("secrets")?.status, named.told("secrets")?.status], ["warning", "ok"]);
    assert.equal(
      unnamed.told("secrets")?.found,
      `the parameter /doctor/locked is under ${KeyId}, which the configuration does not name`,
    );
    assert.match(unnamed.told("secrets")?.advice ?? "", /name the ARN of the key beside the secret, as `key`/);
  });

  it("secrets that the caller may not look at are a warning with what each store asks for", async (context) => {
    const denied: Operation = () => refusal("json-1.1", 400, "AccessDeniedException");
    const slack = {
      ...{ teamId: "T012AB3CD", channelId: "C012AB3CD" },
      ...{ botTokenSecret: "slack/hidden", signingSecret: { parameter: "/doctor/hidden" } },
    };

    const { told } = await examined(context, {
      scripted: { DescribeSecret: denied, DescribeParameters: denied },
      configuration: { ...UNDEPLOYED, slack },
    });

    assert.deepEqual(
      [told("secrets")?.status, told("secrets")?.found],
      ["warning", "could not be checked: the secret slack/hidden; the parameter /doctor/hidden: denied"],
    );
    assert.match(
      told("secrets")?.advice ?? "",
      /^allow secretsmanager:DescribeSecret, ssm:DescribeParameters to arn:aws:/,
    );
  });

  it("alarms of no service, silent services, composites and switched-off actions are counted and named", async (context) => {
    const alarms: Operation = () =>
      answer({
        MetricAlarms: ["shop-odd-1", "shop-odd-2"].map((AlarmName) => ({
          ...{ AlarmName, StateValue: "OK", StateTransitionedTimestamp: 1 },
          ActionsEnabled: false,
        })),
        CompositeAlarms: [
          { AlarmName: "shop-all", StateValue: "OK", StateTransitionedTimestamp: 1, AlarmRule: "TRUE" },
        ],
      });

    const { told } = await examined(context, { scripted: { DescribeAlarms: alarms } });

    const { status, found = "", advice } = told("alarms") ?? {};
    assert.equal(status, "warning");
    assert.match(
      found,
      /^3 alarms named shop-\.\.\.; 0 of a service; 1 composite: .*; of no service: shop-all; shop-odd-1; shop-odd-2; services without one: checkout; with actions off, .*: shop-odd-1; shop-odd-2$/,
    );
    assert.match(advice ?? "", /settings\.alarms/);
  });

  it("an agent that is not deployed is a problem, and what would stand on it is not looked at", async (context) => {
    const { code, told, checks } = await examined(context, { configuration: { ...SHOP, name: "nobody" } });

    assert.deepEqual([code, told("stack")?.found], [1, "no stack nobody-agent in eu-west-1"]);
    const skipped = checks
      .filter(({ found }) => found === "not looked at: the agent is not deployed here")
      .map(({ name }) => name);
    assert.deepEqual(skipped, ["functions", "permissions", "pages", "documents", "dead letters", "switch", "drill"]);
  });

  it("another account or Region than the configuration's is a problem that names both", async (context) => {
    const account = { ...SHOP, settings: { ...SHOP.settings, account: "999999999999" } };
    const region = { ...SHOP, settings: { ...SHOP.settings, region: "eu-central-1" } };

    const [other, elsewhereToo] = [
      await examined(context, { configuration: account }),
      await examined(context, { configuration: region }),
    ];

    assert.match(other.told("identity")?.found ?? "", /of account 123456789012, .* names 999999999999$/);
    assert.match(elsewhereToo.told("identity")?.found ?? "", /names Region eu-west-1, .* names eu-central-1$/);
    assert.deepEqual([other.code, elsewhereToo.code], [1, 1]);
  });

  it("too few functions or automations at once are a warning with what is needed", async (context) => {
    const few: Operation = () => answer({ Quota: { Value: 3 } });
    const stormy = { ...SHOP, settings: { ...SHOP.settings, storm: { alarms: 200 }, budgets: { runningInAll: 2 } } };

    const { told } = await examined(context, { scripted: { GetServiceQuota: few }, configuration: stormy });

    assert.match(
      told("automations")?.found ?? "",
      /^3 automations may run at once in eu-west-1; Quell runs 2, and an undo for each$/,
    );
    assert.equal(told("automations")?.status, "warning");
    assert.match(
      told("concurrency")?.found ?? "",
      /^\d+ functions may run at once in eu-west-1; a storm needs 210 of them$/,
    );
  });

  it("a drill that is late is a problem", async (context) => {
    const late: Operation = () =>
      answer({
        AlarmHistoryItems: [{ AlarmName: "shop-quell-drill", Timestamp: seconds(Date.now() - 3 * 86_400_000) }],
      });

    const { code, told } = await examined(context, { scripted: { DescribeAlarmHistory: late } });

    assert.equal(code, 1);
    assert.match(told("drill")?.found ?? "", /^shop-quell-drill last changed at \S+, and is due every day$/);
  });

  it("without credentials it says how to get some, exit 2", async () => {
    speakTo(ministack.endpoint, null);

    const { code, out, err } = await run("doctor", "--account", "--config", configurationIn());

    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /AWS credentials: none that AWS takes .*; run `aws sso login`, set AWS_PROFILE/);
  });

  it("for people it is a line a check, as without an account", async (context) => {
    const { loopback } = await openOperations(context, elsewhere(), { to: ministack.endpoint });
    speakTo(loopback.url);

    const { out } = await run("doctor", "--account", "--config", configurationIn({ ...SHOP, name: "nobody" }));

    assert.match(
      out,
      /^ok {7}identity +arn:aws:\S+ in eu-west-1\nproblem {2}stack +no stack nobody-agent in eu-west-1\n +what to do: deploy it/,
    );
    assert.match(out, /\ndoctor: 16 checks; problems: 1, warnings: \d+\n$/);
  });
});

describe("roles that were changed since they were deployed", () => {
  let ministack: Emulator;
  before(async () => {
    ministack = await startMinistack();
    await deployByHand(ministack, SHOP, {
      grants: (name, grants) => [
        ...(name === "intake" ? grants.filter(({ actions }) => !actions.includes("sqs:ReceiveMessage")) : grants),
        ...(name === "draft" ? [{ actions: ["ssm:*"], resources: ["*"] }] : []),
      ],
    });
  });
  after(() => ministack.stop());

  it("what a function lacks, and what it has and must not, are problems, each named", async (context) => {
    const { loopback } = await openOperations(context, elsewhere(), { to: ministack.endpoint });
    const front = await openLoopback(context, ({ body }) =>
      body.includes("ContextEntries.member.1") ? deniedByCondition() : { kind: "pass", to: loopback.url },
    );
    speakTo(front.url);

    const { out } = await run("doctor", "--account", "--json", "--config", configurationIn());

    const { found } = JSON.parse(out).checks.find(({ name }: Told) => name === "permissions");
    assert.match(found, /intake may not call sqs:ReceiveMessage on quell-alarms/);
    assert.match(found, /draft may call ssm:StartAutomationExecution on \S+, and must not/);
  });
});
