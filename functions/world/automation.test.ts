import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AutomationContent, automationContent } from "../core/automation-document.ts";
import type { Json } from "../core/json.ts";
import {
  type AutomationState,
  acceptReply,
  acceptTime,
  beginAutomation,
  documentOutputs,
  nextCommand,
  stopAutomationState,
} from "./automation.ts";
import { select } from "./automation-values.ts";
import type { ApiCall, ApiReply } from "./types.ts";

type Step = Readonly<Record<string, unknown>>;
type Answer = (call: ApiCall, count: number, nowMs: number) => ApiReply;

const ok = (output: Json): ApiReply => ({ ok: true, output });
const refuse = (code: string): ApiReply => ({ ok: false, code, message: "no" });

const documentOf = (steps: readonly Step[], more: Readonly<Record<string, unknown>> = {}): AutomationContent =>
  automationContent.parse({
    schemaVersion: "0.3",
    description: "A document of one test.",
    assumeRole: "arn:{{ global:AWS_PARTITION }}:iam::{{ global:ACCOUNT_ID }}:role/test",
    parameters: {
      Name: { type: "String", description: "A text.", default: "api", allowedPattern: "^[a-z]+$" },
      Count: { type: "Integer", description: "A number.", default: 3 },
      Flag: { type: "Boolean", description: "A truth.", default: true },
    },
    mainSteps: steps,
    ...more,
  });

const callStep = (name: string, more: Step = {}): Step => ({
  name,
  action: "aws:executeAwsApi",
  inputs: { Service: "ecs", Api: name },
  ...more,
});
const propertyStep = (action: string, name: string, desired: readonly string[], more: Step = {}): Step => ({
  name,
  action,
  inputs: { Service: "ecs", Api: name, PropertySelector: "$.state", DesiredValues: desired },
  ...more,
});
const waitStep = (name: string, desired: readonly string[], more: Step = {}): Step =>
  propertyStep("aws:waitForAwsResourceProperty", name, desired, more);
const assertStep = (name: string, desired: readonly string[], more: Step = {}): Step =>
  propertyStep("aws:assertAwsResourceProperty", name, desired, more);
const branchStep = (choices: readonly Step[], more: Step = {}): Step => ({
  name: "Branch",
  action: "aws:branch",
  inputs: { Choices: choices, ...more },
});
const outputs = (...declared: readonly (readonly [string, string, string])[]): Step => ({
  outputs: declared.map(([Name, Selector, Type]) => ({ Name, Selector, Type })),
});

/** Runs a document to its end on a clock of its own. */
const drive = (
  content: AutomationContent,
  answer: Answer = () => ok({}),
  parameters: Readonly<Record<string, Json>> = {},
): Readonly<{ state: AutomationState; calls: readonly ApiCall[]; elapsedMs: number }> => {
  let nowMs = 1_000;
  let state = beginAutomation(content, parameters, nowMs, { ACCOUNT_ID: "111122223333", AWS_PARTITION: "aws" });
  const calls: ApiCall[] = [];
  for (let command = nextCommand(state, nowMs); command.kind !== "done"; command = nextCommand(state, nowMs)) {
    if (command.kind === "sleep") {
      nowMs = command.untilMs;
      state = acceptTime(state, nowMs);
    } else {
      calls.push(command.call);
      state = acceptReply(state, answer(command.call, calls.length, nowMs), nowMs);
    }
  }
  return { state, calls, elapsedMs: nowMs - 1_000 };
};

type Case = Readonly<{
  claim: string;
  content: AutomationContent;
  answer?: Answer;
  parameters?: Readonly<Record<string, Json>>;
  status: AutomationState["status"];
  failedStep?: string;
  apis: readonly string[];
  elapsedMs?: number;
}>;

const choices = (...operators: readonly Step[]): AutomationContent =>
  documentOf([
    branchStep(
      operators.map((operator) => ({ NextStep: "Then", ...operator })),
      { Default: "Else" },
    ),
    callStep("Then", { isEnd: true }),
    callStep("Else"),
  ]);
const failsAt =
  (api: string, code = "ServerException"): Answer =>
  (call) =>
    call.api === api ? refuse(code) : ok({ state: "good" });
const failsFirst =
  (times: number, code = "ThrottlingException"): Answer =>
  (_call, count) =>
    count <= times ? refuse(code) : ok({ state: "good" });

const CASES: readonly Case[] = [
  {
    claim: "steps run in the order in which they are written",
    content: documentOf([callStep("One1"), callStep("Two2")]),
    status: "succeeded",
    apis: ["One1", "Two2"],
  },
  {
    claim: "nextStep jumps over what stands between",
    content: documentOf([callStep("One1", { nextStep: "Three3" }), callStep("Two2"), callStep("Three3")]),
    status: "succeeded",
    apis: ["One1", "Three3"],
  },
  {
    claim: "isEnd ends after a step that succeeded",
    content: documentOf([callStep("One1", { isEnd: true }), callStep("Two2")]),
    status: "succeeded",
    apis: ["One1"],
  },
  {
    claim: "an API error aborts and names the step",
    content: documentOf([callStep("One1"), callStep("Two2"), callStep("Three3")]),
    answer: failsAt("Two2"),
    status: "failed",
    failedStep: "Two2",
    apis: ["One1", "Two2"],
  },
  {
    claim: "onFailure Continue goes on, and the step is not critical unless it says so",
    content: documentOf([callStep("One1", { onFailure: "Continue" }), callStep("Two2")]),
    answer: failsAt("One1"),
    status: "succeeded",
    apis: ["One1", "Two2"],
  },
  {
    claim: "a critical step that continues still fails the whole",
    content: documentOf([callStep("One1", { onFailure: "Continue", isCritical: true }), callStep("Two2")]),
    answer: failsAt("One1"),
    status: "failed",
    failedStep: "One1",
    apis: ["One1", "Two2"],
  },
  {
    claim: "onFailure step:X goes there and the whole has failed",
    content: documentOf([callStep("One1", { onFailure: "step:Three3" }), callStep("Two2"), callStep("Three3")]),
    answer: failsAt("One1"),
    status: "failed",
    failedStep: "One1",
    apis: ["One1", "Three3"],
  },
  {
    claim: "onFailure step:X of a step that is not critical leaves the whole succeeded",
    content: documentOf([
      callStep("One1", { onFailure: "step:Three3", isCritical: false }),
      callStep("Two2"),
      callStep("Three3"),
    ]),
    answer: failsAt("One1"),
    status: "succeeded",
    apis: ["One1", "Three3"],
  },
  {
    claim: "isEnd ends after a step that failed, too",
    content: documentOf([callStep("One1", { onFailure: "Continue", isEnd: true }), callStep("Two2")]),
    answer: failsAt("One1"),
    status: "succeeded",
    apis: ["One1"],
  },
  {
    claim: "isEnd ends even where a failure would lead elsewhere",
    content: documentOf([callStep("One1", { onFailure: "step:Two2", isEnd: true }), callStep("Two2")]),
    answer: failsAt("One1"),
    status: "failed",
    failedStep: "One1",
    apis: ["One1"],
  },
  {
    claim: "a choice whose And holds in part only is false",
    content: choices({
      And: [
        { Variable: "{{ Name }}", StringEquals: "api" },
        { Variable: "{{ Name }}", StringEquals: "web" },
      ],
    }),
    status: "succeeded",
    apis: ["Else"],
  },
  {
    claim: "the first failure is the one that is named",
    content: documentOf([callStep("One1", { onFailure: "step:Two2" }), callStep("Two2")]),
    answer: () => refuse("ServerException"),
    status: "failed",
    failedStep: "One1",
    apis: ["One1", "Two2"],
  },
  {
    claim: "a nextStep that does not exist fails",
    content: documentOf([callStep("One1", { nextStep: "Nowhere" })]),
    status: "failed",
    failedStep: "Nowhere",
    apis: ["One1"],
  },
  {
    claim: "steps that lead in a circle end",
    content: documentOf([branchStep([{ NextStep: "Branch", Variable: "{{ Name }}", StringEquals: "api" }])]),
    status: "failed",
    failedStep: "Branch",
    apis: [],
  },
  {
    claim: "throttling is tried again up to maxAttempts",
    content: documentOf([callStep("One1", { maxAttempts: 3 })]),
    answer: failsFirst(2),
    status: "succeeded",
    apis: ["One1", "One1", "One1"],
    elapsedMs: 30_000,
  },
  {
    claim: "throttling beyond maxAttempts fails",
    content: documentOf([callStep("One1", { maxAttempts: 2 })]),
    answer: failsFirst(2),
    status: "failed",
    failedStep: "One1",
    apis: ["One1", "One1"],
    elapsedMs: 15_000,
  },
  {
    claim: "an assertion that holds lets the next step run",
    content: documentOf([assertStep("One1", ["bad", "good"]), callStep("Two2")]),
    answer: () => ok({ state: "good" }),
    status: "succeeded",
    apis: ["One1", "Two2"],
  },
  {
    claim: "an assertion that does not hold changes nothing after it",
    content: documentOf([assertStep("One1", ["good"]), callStep("Two2")]),
    answer: () => ok({ state: "worse" }),
    status: "failed",
    failedStep: "One1",
    apis: ["One1"],
  },
  {
    claim: "an assertion of what the reply does not hold fails",
    content: documentOf([assertStep("One1", ["undefined", "null"])]),
    answer: () => ok({ other: 1 }),
    status: "failed",
    failedStep: "One1",
    apis: ["One1"],
  },
  {
    claim: "numbers are compared with desired parameters as texts",
    content: documentOf([assertStep("One1", ["{{ Count }}"])]),
    answer: () => ok({ state: 3 }),
    status: "succeeded",
    apis: ["One1"],
  },
  {
    claim: "booleans match as SSM writes them",
    content: documentOf([assertStep("One1", ["True"])]),
    answer: () => ok({ state: true }),
    status: "succeeded",
    apis: ["One1"],
  },
  {
    claim: "a wait asks every 15 s until the value is there",
    content: documentOf([waitStep("One1", ["good"])]),
    answer: (_call, count) => ok({ state: count < 4 ? "slow" : "good" }),
    status: "succeeded",
    apis: ["One1", "One1", "One1", "One1"],
    elapsedMs: 45_000,
  },
  {
    claim: "a wait times out at its own time",
    content: documentOf([waitStep("One1", ["good"], { timeoutSeconds: 40 }), callStep("Two2")]),
    answer: () => ok({ state: "slow" }),
    status: "timed-out",
    failedStep: "One1",
    apis: ["One1", "One1", "One1"],
    elapsedMs: 40_000,
  },
  {
    claim: "a wait without a time of its own times out after an hour",
    content: documentOf([waitStep("One1", ["good"])]),
    answer: () => ok({}),
    status: "timed-out",
    failedStep: "One1",
    apis: new Array<string>(240).fill("One1"),
    elapsedMs: 3_600_000,
  },
  {
    claim: "a wait is throttled without failing",
    content: documentOf([waitStep("One1", ["good"])]),
    answer: failsFirst(2),
    status: "succeeded",
    apis: ["One1", "One1", "One1"],
    elapsedMs: 30_000,
  },
  {
    claim: "a wait fails on any other error",
    content: documentOf([waitStep("One1", ["good"])]),
    answer: failsFirst(1, "ClusterNotFoundException"),
    status: "failed",
    failedStep: "One1",
    apis: ["One1"],
  },
  {
    claim: "a wait that timed out has as many attempts as it says",
    content: documentOf([waitStep("One1", ["good"], { timeoutSeconds: 10, maxAttempts: 2 })]),
    answer: () => ok({}),
    status: "timed-out",
    failedStep: "One1",
    apis: ["One1", "One1"],
    elapsedMs: 35_000,
  },
  {
    claim: "a sleep takes its time",
    content: documentOf([
      {
        name: "Sleep",
        action: "aws:sleep",
        inputs: { Duration: "PT1H2M3S" },
        timeoutSeconds: 3600,
        onFailure: "Continue",
      },
      { name: "Nap", action: "aws:sleep", inputs: { Duration: "PT1H2M3S" } },
    ]),
    status: "succeeded",
    apis: [],
    elapsedMs: 3_600_000 + 3_723_000,
  },
  {
    claim: "a branch takes the first choice that holds",
    content: choices({ Variable: "{{ Name }}", StringEquals: "web" }, { Variable: "{{ Count }}", NumericGreater: 2 }),
    status: "succeeded",
    apis: ["Then"],
  },
  {
    claim: "a branch without a true choice takes its default",
    content: choices({ Variable: "{{ Name }}", StringEquals: "web" }),
    status: "succeeded",
    apis: ["Else"],
  },
  {
    claim: "a branch without a default goes on to the next step",
    content: documentOf([
      branchStep([{ NextStep: "Two2", Variable: "{{ Name }}", StringEquals: "web" }]),
      callStep("One1"),
      callStep("Two2"),
    ]),
    status: "succeeded",
    apis: ["One1", "Two2"],
  },
  {
    claim: "a branch combines comparisons with And, Or and Not",
    content: choices({
      And: [
        { Variable: "{{ Name }}", StartsWith: "a" },
        { Not: { Variable: "{{ Name }}", Contains: "z" } },
        {
          Or: [
            { Variable: "{{ Flag }}", BooleanEquals: false },
            { Variable: "{{ Name }}", EndsWith: "pi" },
          ],
        },
      ],
    }),
    status: "succeeded",
    apis: ["Then"],
  },
  {
    claim: "a comparison that nobody defined is false",
    content: choices({ Variable: "{{ Name }}", Resembles: "api" }),
    status: "succeeded",
    apis: ["Else"],
  },
  {
    claim: "a text is no number",
    content: choices({ Variable: "{{ Name }}", NumericLesser: 9 }, { Variable: "", NumericEquals: 0 }),
    status: "succeeded",
    apis: ["Else"],
  },
  {
    claim: "a reference that nothing stands for fails before the call",
    content: documentOf([callStep("One1", { inputs: { Service: "ecs", Api: "One1", Tag: "{{ Two2.Value }}" } })]),
    status: "failed",
    failedStep: "One1",
    apis: [],
  },
  {
    claim: "an output that the reply does not hold fails the step",
    content: documentOf([callStep("One1", outputs(["Value", "$.none", "String"])), callStep("Two2")]),
    status: "failed",
    failedStep: "One1",
    apis: ["One1"],
  },
  {
    claim: "an output of another type fails the step",
    content: documentOf([callStep("One1", outputs(["Value", "$.state", "Integer"]))]),
    answer: () => ok({ state: "three" }),
    status: "failed",
    failedStep: "One1",
    apis: ["One1"],
  },
];

for (const { claim, content, answer, parameters, status, failedStep, apis, elapsedMs } of CASES) {
  test(claim, () => {
    const expected = { status, failedStep: failedStep ?? null, apis };

    const { state, calls, elapsedMs: actualMs } = drive(content, answer, parameters);

    assert.deepEqual(
      { status: state.status, failedStep: state.failedStep, apis: calls.map(({ api }) => api) },
      expected,
    );
    assert.equal(actualMs, elapsedMs ?? 0);
    assert.equal(state.endedAtMs, 1_000 + actualMs);
  });
}

const REFUSED: readonly (readonly [string, Readonly<Record<string, Json>>])[] = [
  ["an unknown parameter", { AutomationAssumeRole: "arn:aws:iam::111122223333:role/Admin" }],
  ["a parameter outside its pattern", { Name: "api; rm" }],
  ["a parameter of another type", { Count: 1.5 }],
  ["a text where a truth belongs", { Flag: "perhaps" }],
  ["a list where a text belongs", { Name: ["api"] }],
];

for (const [what, parameters] of REFUSED) {
  test(`${what} is refused before any call`, () => {
    const content = documentOf([callStep("One1")]);

    const { state, calls } = drive(content, undefined, parameters);

    assert.deepEqual([state.status, state.failedStep, calls], ["failed", null, []]);
  });
}

test("a missing parameter and one that holds a reference are refused before any call", () => {
  const content = documentOf([callStep("One1")], { parameters: { Text: { type: "String", description: "Any." } } });

  const runs = [drive(content), drive(content, undefined, { Text: "{{ssm:secret}}" })];

  assert.deepEqual(
    runs.map(({ state, calls }) => [state.status, state.reason, calls.length]),
    [
      ["failed", "the parameter Text is missing", 0],
      ["failed", "the parameter Text holds a reference", 0],
    ],
  );
});

test("a reference alone keeps its type, and inside a text it is written out", () => {
  const inputs = {
    Service: "ecs",
    Api: "Two2",
    count: "{{ Count }}",
    flag: "{{Flag}}",
    list: ["{{ One1.List }}"],
    nested: { text: "{{ Name }}-{{ One1.Number }}" },
    role: "{{ global:ACCOUNT_ID }}",
  };
  const content = documentOf([
    callStep("One1", outputs(["List", "$.items", "StringList"], ["Number", "$.items2[1].value", "Integer"])),
    callStep("Two2", { inputs }),
  ]);

  const { calls } = drive(content, () => ok({ items: ["a", "b"], items2: [{ value: 1 }, { value: 7 }] }));

  assert.deepEqual(calls[1]?.input, {
    count: 3,
    flag: true,
    list: [["a", "b"]],
    nested: { text: "api-7" },
    role: "111122223333",
  });
});

test("what comes in is never read for references again", () => {
  const content = documentOf([
    callStep("One1", outputs(["Text", "$.text", "String"])),
    callStep("Two2", { inputs: { Service: "ecs", Api: "Two2", text: "{{ One1.Text }}", longer: "x {{ One1.Text }}" } }),
  ]);

  const { calls } = drive(content, () => ok({ text: "{{ Count }}" }));

  assert.deepEqual(calls[1]?.input, { text: "{{ Count }}", longer: "x {{ Count }}" });
});

test("outputs captured before a failure stay readable, and the document's own are those it declares", () => {
  const content = documentOf(
    [callStep("One1", outputs(["Kept", "$.state", "String"], ["Other", "$.state", "String"])), callStep("Two2")],
    { outputs: ["One1.Kept", "Two2.Never"] },
  );

  const { state } = drive(content, failsAt("Two2"));

  assert.deepEqual(state.outputs, { "One1.Kept": "good", "One1.Other": "good" });
  assert.deepEqual(documentOutputs(state), { "One1.Kept": "good" });
});

test("a selector follows members by name and lists by index, and nothing else", () => {
  const reply = { list: [{ a: 1 }, { a: null }], map: { "0": "x" }, text: "abc" };
  const selectors = [
    "$",
    "$.list[0].a",
    "$.list[1].a",
    "$.map.0",
    "$.list.0",
    "$.map[0]",
    "$.text[0]",
    "$.list[2]",
    "$..a",
    "list",
  ];

  const found = selectors.map((selector) => select(reply, selector));

  assert.deepEqual(found, [reply, 1, null, "x", ...new Array<undefined>(6).fill(undefined)]);
});

test("a stopped execution asks for nothing more, and an ended one cannot be stopped", () => {
  const running = beginAutomation(documentOf([callStep("One1"), callStep("Two2")]), {}, 0);
  const ended = drive(documentOf([callStep("One1")])).state;

  const stopped = stopAutomationState(running, 5);

  assert.deepEqual(
    [stopped.status, stopped.failedStep, nextCommand(stopped, 6)],
    ["stopped", "One1", { kind: "done" }],
  );
  assert.equal(acceptReply(stopped, ok({}), 7), stopped);
  assert.equal(stopAutomationState(ended, 9), ended);
});

test("replies and times that nobody asked for change nothing", () => {
  const calling = beginAutomation(documentOf([callStep("One1")]), {}, 0);
  const waiting = acceptReply(beginAutomation(documentOf([waitStep("One1", ["good"])]), {}, 0), ok({}), 0);

  const untouched = [
    acceptTime(calling, 99),
    acceptReply(waiting, ok({ state: "good" }), 1),
    acceptTime(waiting, 14_999),
  ];

  assert.deepEqual(untouched, [calling, waiting, waiting]);
});

test("the state survives JSON after every reply", () => {
  const content = documentOf([
    assertStep("One1", ["good"], { maxAttempts: 3 }),
    callStep("Two2", outputs(["Value", "$.state", "String"])),
    waitStep("Three3", ["{{ Two2.Value }}"], { timeoutSeconds: 60 }),
  ]);
  const reply = fc.constantFrom(ok({ state: "good" }), ok({ state: "bad" }), ok({}), refuse("ThrottlingException"));

  fc.assert(
    fc.property(fc.array(reply, { minLength: 30, maxLength: 30 }), (replies) => {
      const answer: Answer = (_call, count) => replies[count - 1] ?? ok({});
      const direct = drive(content, answer).state;
      let nowMs = 1_000;
      let state = beginAutomation(content, {}, nowMs, { ACCOUNT_ID: "111122223333", AWS_PARTITION: "aws" });
      for (let count = 1; nextCommand(state, nowMs).kind !== "done"; ) {
        const command = nextCommand(state, nowMs);
        const thawed = JSON.parse(JSON.stringify(state)) as AutomationState;
        if (command.kind === "sleep") nowMs = command.untilMs;
        state =
          command.kind === "call"
            ? acceptReply(thawed, answer(command.call, count++, nowMs), nowMs)
            : acceptTime(thawed, nowMs);
      }

      assert.deepEqual(state, direct);
    }),
  );
});
