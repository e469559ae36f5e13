import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CHANGE_EVENT_PATTERNS } from "../functions/adapters/aws/changes/event-patterns.ts";
import { PINS, SURROUNDINGS, variableOf } from "../functions/adapters/aws/surroundings.ts";
import { automationContent } from "../functions/core/automation-document.ts";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { hashOf } from "../functions/core/ids.ts";
import { catalogue } from "../runbooks/catalogue.ts";
import { ACCOUNT, EXAMPLE, OTHERWISE, REGION } from "./example.fixture.ts";
import { pinsOf } from "./pins.ts";
import { resourcesOf, type Synthesized, synthesized } from "./synth.fixture.ts";

const { agent, runbooks, folder } = synthesized();
/** The other way wherever there is a choice. */
const { agent: other } = synthesized(OTHERWISE);
const TEXT = { agent: JSON.stringify(agent), runbooks: JSON.stringify(runbooks) };

test("every document is stored as the text that was hashed, under the name that its hash ends", () => {
  const stored = resourcesOf(runbooks, "AWS::SSM::Document").map(({ Properties }) => ({
    name: String(Properties.Name),
    hash: hashOf(automationContent.parse(JSON.parse(String(Properties.Content)))),
  }));

  const wanted = catalogue.runbooks.flatMap(({ documents }) =>
    [documents?.automation, documents?.undo].flatMap((one) => (one ? [{ name: one.name, hash: one.hash }] : [])),
  );
  const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);
  assert.deepEqual(stored.toSorted(byName), wanted.toSorted(byName));
});

test("the agent is deployed after its runbooks and destroyed before them", () => {
  const { artifacts } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));

  const after = (stack: string): readonly string[] => artifacts[stack].dependencies ?? [];

  assert.ok(after("quell-agent").includes("quell-runbooks"));
  assert.ok(!after("quell-runbooks").includes("quell-agent"));
});

test("a document outlives the deployment that replaces it", () => {
  const documents = resourcesOf(runbooks, "AWS::SSM::Document");

  assert.ok(documents.every((one) => one.DeletionPolicy === "Retain" && one.UpdateReplacePolicy === "Retain"));
});

const assumeRoleOf = (content: unknown): string =>
  String(JSON.parse(String(content)).assumeRole).replaceAll("{{ global:REGION }}", REGION);

test("a document names the very role that was made for it", () => {
  const made = resourcesOf(runbooks, "AWS::IAM::Role").map(({ Properties }) => Properties.RoleName);

  const named = resourcesOf(runbooks, "AWS::SSM::Document").map(
    ({ Properties }) => /role\/([\w-]+)$/.exec(assumeRoleOf(Properties.Content))?.[1],
  );

  assert.deepEqual([...new Set(named)].toSorted(), made.toSorted());
});

test("agents in two Regions of an account share no name that is of the whole account", () => {
  const elsewhere = synthesized(JSON.parse(JSON.stringify(EXAMPLE).replaceAll(REGION, "us-east-1")));
  const namesIn = ({ agent: one, runbooks: its }: Pick<Synthesized, "agent" | "runbooks">) =>
    [one, its].flatMap((template) => [
      ...resourcesOf(template, "AWS::IAM::Role").map(({ Properties }) => Properties.RoleName),
      ...resourcesOf(template, "AWS::IAM::ManagedPolicy").map(({ Properties }) => Properties.ManagedPolicyName),
      ...resourcesOf(template, "AWS::S3::Bucket").map(({ Properties }) => Properties.BucketName),
    ]);

  const here = namesIn({ agent, runbooks });
  const there = new Set(namesIn(elsewhere));

  assert.ok(here.length > 30 && here.every((name) => typeof name === "string" && name.length <= 64));
  assert.deepEqual(
    here.filter((name) => there.has(name)),
    [],
  );
});

test("a runbook's role is taken by executions of automation in this account alone", () => {
  const trusts = resourcesOf(runbooks, "AWS::IAM::Role").map(({ Properties }) => Properties.AssumeRolePolicyDocument);

  for (const trust of trusts)
    assert.deepEqual(trust, {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "sts:AssumeRole",
          Principal: { Service: "ssm.amazonaws.com" },
          Condition: {
            StringEquals: { "aws:SourceAccount": ACCOUNT },
            ArnLike: { "aws:SourceArn": `arn:aws:ssm:*:${ACCOUNT}:automation-execution/*` },
          },
        },
      ],
    });
});

test("whoever calls a function or fills a queue or the topic is named with its account", () => {
  const permissions = resourcesOf(agent, "AWS::Lambda::Permission").map(({ Properties }) => Properties);
  const senders = [...resourcesOf(agent, "AWS::SQS::QueuePolicy"), ...resourcesOf(agent, "AWS::SNS::TopicPolicy")]
    .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Record<string, unknown>[] }).Statement)
    .filter(({ Effect }) => Effect === "Allow");

  const ofEvents = permissions.filter(({ Principal }) => Principal === "events.amazonaws.com");
  assert.ok(ofEvents.length >= 3);
  for (const { SourceArn, SourceAccount } of ofEvents) {
    assert.match(String(SourceArn), /:rule\/quell-/);
    assert.equal(SourceAccount, ACCOUNT);
  }
  assert.ok(permissions.every(({ SourceArn }) => SourceArn !== undefined));
  assert.equal(senders.length, 2);
  for (const { Condition } of senders) {
    assert.match(JSON.stringify(Condition), /"aws:SourceArn"/);
    assert.match(JSON.stringify(Condition), new RegExp(`"aws:SourceAccount":"${ACCOUNT}"`));
  }
});

test("every change that a parser reads has a rule that brings it", () => {
  const rules = resourcesOf(agent, "AWS::Events::Rule").map(({ Properties }) =>
    JSON.stringify(Properties.EventPattern),
  );

  const missing = CHANGE_EVENT_PATTERNS.filter(
    (pattern) =>
      !rules.some((rule) => Object.values(pattern).every((part) => rule.includes(JSON.stringify(part).slice(1, -1)))),
  );

  assert.deepEqual(missing, []);
});

test("alarms come by the prefix of their names, from this account and Region", () => {
  const [rule] = resourcesOf(agent, "AWS::Events::Rule").filter(({ Properties }) => Properties.Name === "quell-alarms");

  assert.deepEqual(rule?.Properties.EventPattern, {
    source: ["aws.cloudwatch"],
    "detail-type": [
      "CloudWatch Alarm State Change",
      "CloudWatch Alarm Contributor State Change",
      "CloudWatch Alarm Configuration Change",
    ],
    account: [ACCOUNT],
    region: ["eu-west-1"],
    detail: { alarmName: [{ prefix: "shop-" }] },
  });
});

test("where every alarm is answered, the agent's own alarms about itself are not", () => {
  const [rule] = resourcesOf(other, "AWS::Events::Rule").filter(({ Properties }) => Properties.Name === "quell-alarms");
  const own = resourcesOf(other, "AWS::CloudWatch::Alarm").map(({ Properties }) => String(Properties.AlarmName));

  const pattern = JSON.stringify(rule?.Properties.EventPattern);

  assert.match(
    pattern,
    /"resources":\[\{"anything-but":\{"prefix":"arn:aws:cloudwatch:eu-west-1:\d+:alarm:quell-self-"\}\}\]/,
  );
  assert.deepEqual(
    own.filter((name) => !name.startsWith("quell-self-")),
    [],
  );
});

test("its own alarms go to the topic with nothing between, and the drill's to nobody", () => {
  const alarms = resourcesOf(agent, "AWS::CloudWatch::Alarm").map(({ Properties }) => Properties);

  const silent = alarms.filter(({ AlarmActions }) => AlarmActions === undefined).map(({ AlarmName }) => AlarmName);
  const told = alarms.flatMap(({ AlarmActions }) => (AlarmActions as { Ref: string }[] | undefined) ?? []);

  assert.deepEqual(silent, ["shop-quell-drill"]);
  assert.ok(told.every(({ Ref }) => agent.Resources[Ref]?.Type === "AWS::SNS::Topic"));
});

test("a drill that nobody saw to its end rings within 26 hours, and only where there are drills", () => {
  const missing = (template: typeof agent) =>
    resourcesOf(template, "AWS::CloudWatch::Alarm").filter(
      ({ Properties }) => Properties.MetricName === "DrillsCompleted",
    );

  const [alarm] = missing(agent);

  assert.deepEqual(
    [alarm?.Properties.TreatMissingData, alarm?.Properties.EvaluationPeriods, alarm?.Properties.Period],
    ["breaching", 26, 3600],
  );
  assert.deepEqual(missing(other), []);
});

test("a deployment writes no item and runs no code of its own: nothing in it is a custom resource", () => {
  const types = [agent, runbooks].flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type));

  assert.deepEqual(
    types.filter((type) => /^Custom::|CustomResource/.test(type)),
    [],
  );
  assert.doesNotMatch(TEXT.agent, /ImportSourceSpecification/);
});

test("what is kept stays when the stack goes: tables, bucket, documents and the versions that executions run on", () => {
  const kept = [
    ...resourcesOf(agent, "AWS::DynamoDB::Table"),
    ...resourcesOf(agent, "AWS::S3::Bucket"),
    ...resourcesOf(agent, "AWS::Lambda::Version"),
  ];

  assert.equal(kept.length, 4);
  assert.ok(kept.every((one) => one.DeletionPolicy === "Retain" && one.UpdateReplacePolicy === "Retain"));
  for (const { Properties } of resourcesOf(agent, "AWS::DynamoDB::Table"))
    assert.deepEqual(
      [Properties.DeletionProtectionEnabled, Properties.BillingMode, Properties.PointInTimeRecoverySpecification],
      [true, "PAY_PER_REQUEST", { PointInTimeRecoveryEnabled: true }],
    );
});

test("respond is durable for two days beyond the longest watch, and is started by its alias", () => {
  const functions = resourcesOf(agent, "AWS::Lambda::Function").map(({ Properties }) => Properties);
  const [respond] = functions.filter(({ FunctionName }) => FunctionName === "quell-respond");
  const [alias] = resourcesOf(agent, "AWS::Lambda::Alias");
  const [intake] = functions.filter(({ FunctionName }) => FunctionName === "quell-intake");

  const { Variables: told } = (intake?.Environment ?? {}) as { Variables?: Record<string, unknown> };

  assert.deepEqual(respond?.DurableConfig, { ExecutionTimeout: 2 * 86_400 + 8 * 3600, RetentionPeriodInDays: 30 });
  assert.equal(alias?.Properties.Name, "live");
  assert.deepEqual(told?.QUELL_RESPOND_ARN, { Ref: alias?.id });
});

test("respond alone is told what was deployed, from the sources at hand and the configuration of its stack", () => {
  const functions = [agent, other].map((template) => resourcesOf(template, "AWS::Lambda::Function"));

  const told = functions.map((made) =>
    made.flatMap(({ Properties: { FunctionName, Environment } }) => {
      const { Variables } = Environment as Readonly<{ Variables: Readonly<Record<string, unknown>> }>;
      const values = PINS.flatMap((pin) => Variables[variableOf(pin)] ?? []);
      return values.length === 0 ? [] : [[FunctionName, values]];
    }),
  );

  const pins = [EXAMPLE, OTHERWISE].map((input) => pinsOf(parseConfiguration(input)));
  assert.deepEqual(
    told,
    pins.map((wanted) => [["quell-respond", PINS.map((pin) => wanted[pin])]]),
  );
  assert.notEqual(pins[0]?.configurationHash, pins[1]?.configurationHash);
});

test("concurrency is reserved only where it is configured", () => {
  const of = (template: typeof agent) =>
    resourcesOf(template, "AWS::Lambda::Function").flatMap(({ Properties }) =>
      Properties.ReservedConcurrentExecutions === undefined
        ? []
        : [`${Properties.FunctionName} ${Properties.ReservedConcurrentExecutions}`],
    );

  assert.deepEqual(of(agent), []);
  assert.deepEqual(of(other), ["quell-intake 5"]);
});

test("nothing that asks people in Slack is made where Slack is not configured", () => {
  const made = [agent, other].map((template) => resourcesOf(template, "AWS::ApiGatewayV2::Api").length);

  assert.deepEqual(made, [1, 0]);
  assert.deepEqual(
    [agent, other].map(({ Outputs }) => Outputs?.SlackUrl === undefined),
    [false, true],
  );
});

test("no function is told a secret, nor where one lies, and draft nothing but which code it is", () => {
  const told = [agent, other].flatMap((template) =>
    resourcesOf(template, "AWS::Lambda::Function").flatMap(({ Properties: { FunctionName, Environment } }) => {
      const { Variables } = Environment as Readonly<{ Variables: Readonly<Record<string, unknown>> }>;
      return Object.entries(Variables).map(([name, value]) => ({ by: FunctionName, name, value }));
    }),
  );
  const known = [...SURROUNDINGS, ...PINS].map(variableOf);
  const own = ["POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"];

  const literals = told.filter((one): one is typeof one & { value: string } => typeof one.value === "string");

  assert.deepEqual(
    told.filter(({ name }) => ![...known, ...own].includes(name)),
    [],
  );
  // Names of what the stack made, and hashes; what is no literal names a resource of the template.
  const shapes =
    /^(Quell|quell(-\w+)+|arn:aws:lambda:[\w-]+:\d{12}:function:quell[\w:-]+|[0-9a-f]{64}(,[0-9a-f]{64})*|none)$/;
  assert.ok(literals.length > 20);
  assert.deepEqual(
    literals.filter(({ value }) => !shapes.test(value)),
    [],
  );
  const draft = told.filter(({ by }) => by === "quell-draft").map(({ name }) => name);
  assert.deepEqual([...new Set(draft)].toSorted(), [...own, variableOf("codeHash")].toSorted());
});

test("the template and the code hold no secret, only where each lies", () => {
  assert.doesNotMatch(TEXT.agent, /resolve:(secretsmanager|ssm)/);
});
