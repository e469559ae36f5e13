import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { bundleOf } from "./bundle.ts";
import { callsIn } from "./calls.ts";
import { EXAMPLE, IN_PARAMETERS } from "./example.fixture.ts";
import { FUNCTIONS, type FunctionName, namesOf } from "./names.ts";
import { allowedIn, writesOf } from "./permissions.ts";
import { synthesized } from "./synth.fixture.ts";

/** A secret lies in one store or the other: a function has code for both. */
const ALLOWED = [synthesized(), synthesized(IN_PARAMETERS)].flatMap(({ agent }) => allowedIn(agent));

const roleOf = (name: FunctionName): string => namesOf(parseConfiguration(EXAMPLE)).functionRole(name);

/** What a function's bundle could call and its role does not allow, on purpose, each with the reason; in the order of names. */
const WITHHELD: Readonly<Partial<Record<FunctionName, readonly string[]>>> = {
  // It looks after runs that others started.
  reconcile: ["ssm:GetDocument", "ssm:StartAutomationExecution", "ssm:StopAutomationExecution"],
  // The durable SDK brings every call of Lambda's; what became of an execution is for reconcile to ask.
  respond: ["lambda:GetDurableExecution", "lambda:ListDurableExecutionsByFunction"],
  // It rings who waits, and starts nothing.
  slack: ["lambda:InvokeFunction"],
};

const callsOfBundle = (name: FunctionName): readonly string[] =>
  callsIn(bundleOf(name, { configuration: parseConfiguration(EXAMPLE), architecture: "arm64" }).sources);

const CALLS = new Map(FUNCTIONS.map((name) => [name, callsOfBundle(name)]));
const callsOf = (name: FunctionName): readonly string[] => CALLS.get(name) ?? [];

for (const name of FUNCTIONS)
  test(`the role of ${name} allows every call that its code makes`, () => {
    const calls = callsOf(name);

    const granted = new Set(ALLOWED.filter(({ role }) => role === roleOf(name)).map(({ action }) => action));
    assert.deepEqual(
      calls.filter((action) => !granted.has(action)),
      WITHHELD[name] ?? [],
    );
  });

for (const name of ["respond", "reconcile"] as const)
  test(`${name} may read nothing of the account that its code does not read`, () => {
    const calls = callsOf(name);

    const anywhere = ALLOWED.filter(({ role, resource }) => role === roleOf(name) && resource === "*");

    assert.deepEqual(
      anywhere.map(({ action }) => action).filter((action) => !calls.includes(action) && !action.startsWith("xray:")),
      [],
    );
  });

/** Writes that no code of ours asks for by name: Lambda, its durable SDK and Systems Manager make them on its behalf. */
const ON_BEHALF = [
  ...["logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"],
  ...["sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
  ...["lambda:CheckpointDurableExecution", "ssm:AddTagsToResource", "iam:PassRole"],
  // The store of a secret decrypts it so.
  "kms:Decrypt",
];

for (const name of FUNCTIONS)
  test(`${name} may write nothing that its code does not write`, () => {
    const calls = callsOf(name);

    const writes = writesOf(ALLOWED).filter(({ role }) => role === roleOf(name));

    const unused = writes.map(({ action }) => action).filter((action) => !calls.includes(action));
    assert.deepEqual(
      unused.filter((action) => !ON_BEHALF.includes(action)),
      [],
    );
  });
