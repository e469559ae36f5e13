import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { catalogue } from "../../runbooks/catalogue.ts";
import {
  type AutomationContent,
  type AutomationDocument,
  automationDocument,
  undoParameters,
} from "./automation-document.ts";
import { hashOf } from "./ids.ts";
import type { Catalogue, Runbook } from "./runbook.ts";
import { lintCatalogue, lintRunbook } from "./runbook-lint.ts";

type Raw = Readonly<Record<string, unknown>>;

const NAME = { type: "String", description: "A name.", allowedPattern: "^[a-z0-9][a-z0-9-]{0,30}$" };
const call = (name: string, api: string, more: Raw = {}, service = "ecs"): Raw => ({
  name,
  action: "aws:executeAwsApi",
  inputs: { Service: service, Api: api, service: "{{ Service }}" },
  ...more,
});
const read = (more: Raw = {}): Raw =>
  call("Read", "DescribeServices", {
    outputs: [{ Name: "Previous", Selector: "$.services[0].x", Type: "String" }],
    ...more,
  });
const update = call("Update", "UpdateService", { isEnd: true });

/** A document that is sound but for what a test puts into it. What no parser would take is linted all the same. */
const document = (steps: readonly Raw[], more: Raw = {}): AutomationDocument => {
  const content = {
    schemaVersion: "0.3",
    description: "A document of one test.",
    assumeRole: "arn:{{ global:AWS_PARTITION }}:iam::{{ global:ACCOUNT_ID }}:role/quell-runbook-test",
    parameters: { Service: NAME },
    mainSteps: steps,
    ...more,
  } as unknown as AutomationContent;
  return { name: "Quell-test", hash: hashOf(content), content };
};

const UNDO = document([read({ outputs: [] }), update], { parameters: { Service: NAME, Previous: NAME } });
const output = (Name: string): Raw => ({ Name, Selector: `$.${Name}`, Type: "String" });
const capture = (names: readonly string[], more: Raw = {}): Raw => read({ outputs: names.map(output), ...more });
const AUTOMATION = document([capture(["Previous", "Service"]), update]);

const runbook = (more: Partial<Runbook> = {}): Runbook => ({
  id: "test-runbook",
  version: "1.0.0",
  title: "A runbook of one test",
  kind: "effect",
  effect: "None.",
  targetType: "AWS::ECS::Service",
  parameters: z.strictObject({ Service: z.string() }),
  tier: 1,
  reversal: "inverse",
  documents: { automation: AUTOMATION, undo: UNDO },
  expectedMinutes: 1,
  cooldownSeconds: 60,
  whenRecovered: "finish",
  treats: [],
  endsDeployment: false,
  blastRadius: () => ({ share: 0, resources: 1, zones: 1, dataStore: false, capacity: null }),
  suitsWhen: "In tests.",
  aim: () => null,
  suits: () => [],
  ...more,
});
/** A runbook with nothing to reverse, whose one document is the broken one. */
const only = (steps: readonly Raw[], more: Raw = {}): Runbook =>
  runbook({ reversal: "not-needed", documents: { automation: document(steps, more), undo: null } });

const property = (action: string, api: string): Raw => ({
  name: "Check",
  action,
  inputs: { Service: "ecs", Api: api, PropertySelector: "$.state", DesiredValues: ["x"] },
});
const branch = (next: string): Raw => ({
  name: "Branch",
  action: "aws:branch",
  inputs: { Choices: [{ NextStep: next, Variable: "{{ Service }}", StringEquals: "x" }], Default: "Update" },
});
const withParameter = (parameter: Raw): Runbook => only([read()], { parameters: { Service: NAME, Text: parameter } });
const undone = (steps: readonly Raw[], undo: AutomationDocument = UNDO): Runbook =>
  runbook({ documents: { automation: document(steps), undo } });

const BROKEN: readonly (readonly [string, string, Runbook])[] = [
  ["a shell on an instance", "shell", only([read(), { name: "Run", action: "aws:runCommand", inputs: {} }])],
  ["a shell script", "shell", only([read(), { name: "Run", action: "aws:runShellScript", inputs: {} }])],
  ["a script of its own", "shell", only([read(), { name: "Run", action: "aws:executeScript", inputs: {} }])],
  ["a command sent by API", "shell", only([read(), call("Send", "SendCommand", {}, "ssm")])],
  ["a command sent by API in snake case", "shell", only([read(), call("Send", "send_command", {}, "ssm")])],
  [
    "AWS's own shell document",
    "shell",
    only([
      read(),
      call(
        "Send",
        "StartAutomationExecution",
        { inputs: { Service: "ssm", Api: "StartAutomationExecution", DocumentName: "AWS-RunShellScript" } },
        "ssm",
      ),
    ]),
  ],
  ["a question for consent", "approve-step", only([read(), { name: "Ask", action: "aws:approve", inputs: {} }])],
  [
    "an action that the interpreter does not know",
    "unknown-action",
    only([read(), { name: "Stack", action: "aws:createStack", inputs: {} }]),
  ],
  ...[
    "DeleteService",
    "TerminateInstances",
    "DeregisterTaskDefinition",
    "RemoveTags",
    "PurgeQueue",
    "delete_service",
    "DetachVolume",
  ].map((api) => [`a removal by ${api}`, "removal", only([read(), call("Drop", api)])] as const),
  ...["PutMetricAlarm", "SetAlarmState", "DisableAlarmActions", "PutDashboard", "PutMetricData"].map(
    (api) =>
      [
        `an edit of what is watched by ${api}`,
        "watching",
        only([read(), call("Mute", api, {}, "cloudwatch")]),
      ] as const,
  ),
  ["an edit of a health check", "watching", only([read(), call("Mute", "ModifyTargetGroup", {}, "elbv2")])],
  ["an API that no line allows", "unknown-api", only([read(), call("New", "UpdateCluster")])],
  [
    "a change in an assertion",
    "write-in-check",
    only([read(), property("aws:assertAwsResourceProperty", "UpdateService")]),
  ],
  ["a change in a wait", "write-in-check", only([read(), property("aws:waitForAwsResourceProperty", "UpdateService")])],
  [
    "a role as a parameter",
    "free-role",
    only([read()], {
      assumeRole: "{{ AutomationAssumeRole }}",
      parameters: { Service: NAME, AutomationAssumeRole: NAME },
    }),
  ],
  [
    "a role with a part to choose",
    "free-role",
    only([read()], { assumeRole: "arn:aws:iam::111122223333:role/quell-runbook-{{ Service }}" }),
  ],
  [
    "a role among the parameters",
    "free-role",
    only([read()], { parameters: { Service: NAME, AutomationAssumeRole: NAME } }),
  ],
  [
    "another role than a runbook's",
    "free-role",
    only([read()], { assumeRole: "arn:aws:iam::111122223333:role/Admin" }),
  ],
  ["a text without a pattern", "open-parameter", withParameter({ type: "String", description: "Any." })],
  ["a pattern that is not anchored", "open-parameter", withParameter({ ...NAME, allowedPattern: "[a-z]+" })],
  ["a pattern that takes an option", "open-parameter", withParameter({ ...NAME, allowedPattern: "^[a-z-]+$" })],
  ["a reference as a default", "open-parameter", withParameter({ ...NAME, default: "{{ssm:secret}}" })],
  ["a change as the first step", "blind-start", only([call("Update", "UpdateService")])],
  [
    "a sleep as the first step",
    "blind-start",
    only([{ name: "Sleep", action: "aws:sleep", inputs: { Duration: "PT1S" } }, read()]),
  ],
  [
    "a reference to nothing",
    "unknown-reference",
    only([
      read(),
      call("Use", "UpdateService", { inputs: { Service: "ecs", Api: "UpdateService", x: "{{ Read.Other }}" } }),
    ]),
  ],
  [
    "a reference to a later step",
    "unknown-reference",
    only([
      call("Use", "DescribeServices", {
        inputs: { Service: "ecs", Api: "DescribeServices", x: "{{ Read.Previous }}" },
      }),
      read(),
    ]),
  ],
  ["a next step that is not there", "unknown-step", only([read({ nextStep: "Nowhere" })])],
  ["a step after a failure that is not there", "unknown-step", only([read({ onFailure: "step:Nowhere" })])],
  ["a choice that leads nowhere", "unknown-step", only([read(), branch("Nowhere"), update])],
  ["two steps of one name", "repeated-step", only([read(), read()])],
  [
    "a step that nothing leads to",
    "unreachable-step",
    only([read({ nextStep: "Update" }), call("Lost", "DescribeServices"), update]),
  ],
  [
    "a step between a decision and its choices",
    "unreachable-step",
    only([read(), branch("Update"), call("Lost", "DescribeServices"), update]),
  ],
  ["a step after the end", "unreachable-step", only([read({ isEnd: true }), update])],
  ["an output that no step declares", "unknown-output", only([read()], { outputs: ["Read.Other"] })],
  ["an automatic tier without an undo", "undo-missing", runbook({ documents: { automation: AUTOMATION, undo: null } })],
  [
    "a promise to reverse without an undo",
    "reversal",
    runbook({ tier: 2, documents: { automation: AUTOMATION, undo: null } }),
  ],
  ["an undo where none is promised", "reversal", runbook({ reversal: "not-needed" })],
  [
    "an automatic tier that cannot be reversed",
    "irreversible-tier",
    runbook({ reversal: "none", documents: { automation: AUTOMATION, undo: null } }),
  ],
  ["an undo that needs what nobody captured", "undo-parameter", undone([capture(["Service"]), update])],
  [
    "an undo that needs what is captured after the change",
    "undo-parameter",
    undone([capture(["Service"]), { ...update, isEnd: false }, capture(["Previous"], { name: "Late" })]),
  ],
  [
    "an undo that needs what a step may fail to capture",
    "undo-parameter",
    undone([capture(["Previous", "Service"], { onFailure: "Continue" }), update]),
  ],
  [
    "an undo whose parameter two steps could mean",
    "undo-parameter",
    undone([capture(["Previous", "Service"]), capture(["Previous"], { name: "Again" }), update]),
  ],
  ["an effect without documents", "kind", runbook({ documents: null, reversal: "not-needed" })],
  ["a wait with a target", "kind", runbook({ kind: "wait", documents: null, reversal: "not-needed" })],
  ["a name that is no plain word", "name", runbook({ id: "Restart ECS" })],
  ["a version that is a word", "name", runbook({ version: "latest" })],
];

for (const [what, rule, broken] of BROKEN) {
  test(`the lint refuses ${what}`, () => {
    const found = lintRunbook(broken).map((finding) => finding.rule);

    assert.ok(found.includes(rule), `${rule} is not among ${found.join(", ") || "nothing"}`);
  });
}

test("the documents of these tests are sound where no test breaks them", () => {
  const findings = [runbook(), only([read(), update]), only([read(), branch("Update"), update])].flatMap(lintRunbook);

  assert.deepEqual(findings, []);
});

test("the catalogue has no findings, and every one of its documents is parsed as it will be deployed", () => {
  const documents = catalogue.runbooks.flatMap(({ documents: own }) => (own === null ? [] : [own.automation]));

  const findings = lintCatalogue(catalogue);

  assert.deepEqual(findings, []);
  assert.deepEqual(
    documents.map(({ name, content }) => automationDocument(name.slice(0, -13), content).hash),
    documents.map(({ hash }) => hash),
  );
});

test("the list is refused with two runbooks of one id, and without a way to wait or to page", () => {
  const twice: Catalogue = { hash: "", runbooks: [...catalogue.runbooks, ...catalogue.runbooks.slice(0, 1)] };
  const without = (kind: string): Catalogue => ({
    hash: "",
    runbooks: catalogue.runbooks.filter((one) => one.kind !== kind),
  });

  const findings = [twice, without("wait"), without("page")].map((list) => lintCatalogue(list).map(({ rule }) => rule));

  assert.deepEqual(findings, [["repeated-id"], ["always-there"], ["always-there"]]);
});

test("a document outside the subset is refused when it is parsed", () => {
  const raw = [
    document([read(), { name: "Run", action: "aws:runCommand", inputs: {} }]),
    document([read({ onFailure: "Retry" })]),
    document([read()], { files: {} }),
    document([], {}),
  ];

  const parses = raw.map(
    ({ content }) =>
      () =>
        automationDocument("Quell-test", content),
  );

  for (const parse of parses) assert.throws(parse, z.ZodError);
});

test("an undo takes the outputs by name and type, and is nothing to do where they are missing", () => {
  const undo = document([read()], {
    parameters: {
      Service: NAME,
      Count: { type: "Integer", description: "A number." },
      Set: { type: "Integer", description: "A number.", default: -1 },
    },
  });

  const complete = undoParameters(undo, { "A.Service": "web", "B.Count": "4", "B.Other": "x" });
  const partial = undoParameters(undo, { "A.Service": "web" });

  assert.deepEqual(complete, { Service: "web", Count: 4 });
  assert.equal(partial, null);
});
