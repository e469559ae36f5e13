import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { bundleOf } from "./bundle.ts";
import { EXAMPLE } from "./example.fixture.ts";
import { FUNCTIONS, type FunctionName } from "./names.ts";
import { allowedIn, writesOf } from "./permissions.ts";
import { synthesized } from "./synth.fixture.ts";

const ROOT = join(import.meta.dirname, "..");
const ALLOWED = allowedIn(synthesized().agent);

/** Clients of the SDK whose calls IAM knows by another prefix than the package's name. */
const PREFIX: Readonly<Record<string, string>> = {
  "api-gateway": "apigateway",
  "auto-scaling": "autoscaling",
  "cloudwatch-logs": "logs",
  "elastic-load-balancing-v2": "elasticloadbalancing",
  eventbridge: "events",
  "secrets-manager": "secretsmanager",
  "service-quotas": "servicequotas",
};
const ACTION: Readonly<Record<string, string>> = {
  "lambda:Invoke": "lambda:InvokeFunction",
  "s3:HeadObject": "s3:GetObject",
  "s3:ListObjectsV2": "s3:ListBucket",
};

/** What a function's bundle could call and its role does not allow, on purpose, each with the reason; in the order of names. */
const WITHHELD: Readonly<Partial<Record<FunctionName, readonly string[]>>> = {
  // It looks after runs that others started.
  reconcile: ["ssm:GetDocument", "ssm:StartAutomationExecution", "ssm:StopAutomationExecution"],
  // The durable SDK brings every call of Lambda's; what became of an execution is for reconcile to ask.
  respond: ["lambda:GetDurableExecution", "lambda:ListDurableExecutionsByFunction"],
  // It rings who waits, and starts nothing.
  slack: ["lambda:InvokeFunction"],
};

const IMPORT = /import\s*\{([^}]*)\}\s*from\s*"@aws-sdk\/client-([a-z0-9-]+)"/g;
const CALL = /\b(?:([A-Z]\w+)Command|paginate([A-Z]\w+))\b/g;
const BUNDLED = /@aws-sdk\/client-([a-z0-9-]+)\/dist-es\/commands\/(\w+)Command\.js$/;

/** The IAM action of a call of the SDK. */
const actionOf = (client: string, command: string): string => {
  const prefix = PREFIX[client] ?? client;
  // IAM knows API Gateway by the verbs of HTTP; nothing here writes there.
  const call = prefix === "apigateway" ? "apigateway:GET" : `${prefix}:${command}`;
  return ACTION[call] ?? call;
};

/** The IAM actions of the calls that a source of ours names. */
const namedIn = (path: string): readonly string[] =>
  [...readFileSync(join(ROOT, path), "utf8").matchAll(IMPORT)].flatMap(([, names = "", client = ""]) =>
    [...names.matchAll(CALL)].map(([, command, paginated]) => actionOf(client, command ?? paginated ?? "")),
  );

/** The IAM actions of a function: calls that its sources name and that came into its bundle with what uses them. */
const callsIn = (name: FunctionName): readonly string[] => {
  const { sources } = bundleOf(name, { configuration: parseConfiguration(EXAMPLE), architecture: "arm64" });
  const named = new Set(sources.filter((path) => path.startsWith("functions/")).flatMap(namedIn));
  const bundled = sources.flatMap((path) => {
    const [, client, command] = BUNDLED.exec(path) ?? [];
    return client === undefined || command === undefined ? [] : [actionOf(client, command)];
  });
  return [...new Set(bundled.filter((action) => named.has(action)))].toSorted();
};

const CALLS = new Map(FUNCTIONS.map((name) => [name, callsIn(name)]));
const callsOf = (name: FunctionName): readonly string[] => CALLS.get(name) ?? [];

for (const name of FUNCTIONS)
  test(`the role of ${name} allows every call that its code makes`, () => {
    const calls = callsOf(name);

    const granted = new Set(ALLOWED.filter(({ role }) => role === `quell-${name}`).map(({ action }) => action));
    assert.deepEqual(
      calls.filter((action) => !granted.has(action)),
      WITHHELD[name] ?? [],
    );
  });

for (const name of ["respond", "reconcile"] as const)
  test(`${name} may read nothing of the account that its code does not read`, () => {
    const calls = callsOf(name);

    const anywhere = ALLOWED.filter(({ role, resource }) => role === `quell-${name}` && resource === "*");

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
];

for (const name of FUNCTIONS)
  test(`${name} may write nothing that its code does not write`, () => {
    const calls = callsOf(name);

    const writes = writesOf(ALLOWED).filter(({ role }) => role === `quell-${name}`);

    const unused = writes.map(({ action }) => action).filter((action) => !calls.includes(action));
    assert.deepEqual(
      unused.filter((action) => !ON_BEHALF.includes(action)),
      [],
    );
  });
