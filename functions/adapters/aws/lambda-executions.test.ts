import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { type Emulator, startMinistack } from "../emulators/emulators.fixture.ts";
import { AwsCallFailed } from "./call.ts";
import { failuresContract } from "./failures.contract.ts";
import { executionState, lambdaExecutions } from "./lambda-executions.ts";
import { clientFor, openLoopback, type Reply, refusal } from "./loopback.fixture.ts";

const FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:quell-respond";
const ALIAS = `${FUNCTION}:live`;
const ID = "quell-abcdefghijklmnopqrstuvwxyz";
const EXECUTION = `${FUNCTION}:3/durable-execution/${ID}/00000000-0000-0000-0000-000000000000`;
const BELL = "Y2FsbGJhY2s=";

let emulator: Emulator;
before(async () => {
  emulator = await startMinistack();
});
after(() => emulator.stop());

failuresContract("starting an execution", {
  ...{ protocol: "rest-json", action: "lambda:InvokeFunction", what: `${ALIAS} for ${ID}` },
  call: (config) => lambdaExecutions(new LambdaClient(config), ALIAS).start(ID),
});
failuresContract("ringing a bell", {
  ...{ protocol: "rest-json", action: "lambda:SendDurableExecutionCallbackSuccess", what: `the bell ${BELL}` },
  call: (config) => lambdaExecutions(new LambdaClient(config), ALIAS).ring(BELL),
});
failuresContract("looking for an execution", {
  ...{ protocol: "rest-json", action: "lambda:ListDurableExecutionsByFunction", what: `${ID} of ${FUNCTION}` },
  call: (config) => executionState(new LambdaClient(config), ALIAS, ID),
});

failuresContract("asking for an execution", {
  ...{ protocol: "rest-json", action: "lambda:GetDurableExecution", what: EXECUTION },
  call: (config) => executionState(new LambdaClient(config), ALIAS, ID, EXECUTION),
});

const ACCEPTED: Reply = { kind: "answer", status: 202 };

test("an execution is started at the alias, by the incident's name, with its id and nothing else", async (context) => {
  const { url, sent } = await openLoopback(context, () => ACCEPTED);

  await lambdaExecutions(new LambdaClient(clientFor(url)), ALIAS).start(ID);

  const [{ method, path, headers, body }] = sent as readonly [(typeof sent)[number]];
  assert.equal(`${method} ${decodeURIComponent(path)}`, `POST /2015-03-31/functions/${ALIAS}/invocations`);
  assert.equal(headers["x-amz-invocation-type"], "Event");
  assert.equal(headers["x-amz-durable-execution-name"], ID);
  assert.equal(body.toString("utf8"), `{"incidentId":"${ID}"}`);
});

test("an execution that was started before is a success, and asked for once", async (context) => {
  const already = refusal("rest-json", 409, "DurableExecutionAlreadyStartedException");
  const { url, sent } = await openLoopback(context, () => already);

  await lambdaExecutions(new LambdaClient({ ...clientFor(url), maxAttempts: 3 }), ALIAS).start(ID);

  assert.equal(sent.length, 1);
});

test("where the account has no concurrency left, starting throws after the tries it has, and the next delivery starts it", async (context) => {
  const { url, sent } = await openLoopback(context, (_, nth) =>
    nth < 2 ? refusal("rest-json", 429, "TooManyRequestsException", "Rate Exceeded.") : ACCEPTED,
  );
  const { start } = lambdaExecutions(new LambdaClient({ ...clientFor(url), maxAttempts: 2 }), ALIAS);

  await assert.rejects(start(ID), (error: unknown) => error instanceof AwsCallFailed && error.kind === "throttled");
  await start(ID);

  assert.equal(sent.length, 3);
});

test("a function that is not there is no execution that was started before", async (context) => {
  const { url } = await openLoopback(context, () => refusal("rest-json", 404, "ResourceNotFoundException"));

  const started = lambdaExecutions(new LambdaClient(clientFor(url)), ALIAS).start(ID);

  await assert.rejects(started, /lambda:InvokeFunction of .*quell-respond:live for quell-\w+: not there/);
});

test("a bell is rung with an empty object", async (context) => {
  const { url, sent } = await openLoopback(context, () => ({ kind: "answer", status: 200, body: "{}" }));

  await lambdaExecutions(new LambdaClient(clientFor(url)), ALIAS).ring(BELL);

  const [{ method, path, body }] = sent as readonly [(typeof sent)[number]];
  assert.equal(`${method} ${decodeURIComponent(path)}`, `POST /2025-12-01/durable-execution-callbacks/${BELL}/succeed`);
  assert.equal(body.toString("utf8"), "{}");
});

for (const [status, code] of [
  [400, "CallbackTimeoutException"],
  [404, "ResourceNotFoundException"],
] as const)
  test(`ringing a bell at which nobody waits any more (${code}) is a success`, async (context) => {
    const { url } = await openLoopback(context, () => refusal("rest-json", status, code));

    await assert.doesNotReject(lambdaExecutions(new LambdaClient(clientFor(url)), ALIAS).ring(BELL));
  });

test("ringing a bell that Lambda never made is a success on the emulator too", async () => {
  const { ring } = lambdaExecutions(new LambdaClient(emulator.clientConfig), ALIAS);

  await assert.doesNotReject(ring(BELL));
});

test("what is no bell at all is told apart from one that is over", async () => {
  const { ring } = lambdaExecutions(new LambdaClient(emulator.clientConfig), ALIAS);

  await assert.rejects(ring("no bell!"), /SendDurableExecutionCallbackSuccess of the bell no bell!.*InvalidParameter/);
});

type Listed = Readonly<{ name: string; status: string }>;
const page = (listed: readonly Listed[], NextMarker?: string): Reply => ({
  ...{ kind: "answer", status: 200, headers: { "content-type": "application/json" } },
  body: JSON.stringify({
    DurableExecutions: listed.map(({ name, status }) => ({
      DurableExecutionArn: `${FUNCTION}:1/durable-execution/${name}/00000000-0000-0000-0000-000000000000`,
      ...{ DurableExecutionName: name, FunctionArn: FUNCTION, Status: status, StartTimestamp: 1_790_000_000 },
    })),
    NextMarker,
  }),
});

for (const [state, listed] of [
  ["running", [{ name: ID, status: "RUNNING" }]],
  [
    "running",
    [
      { name: ID, status: "FAILED" },
      { name: ID, status: "RUNNING" },
    ],
  ],
  ["ended", [{ name: ID, status: "SUCCEEDED" }]],
  ["ended", [{ name: ID, status: "TIMED_OUT" }]],
  ["ended", [{ name: ID, status: "STOPPED" }]],
  ["absent", []],
  ["absent", [{ name: `${ID}-other`, status: "RUNNING" }]],
] as const)
  test(`an execution is ${state} where Lambda lists ${JSON.stringify(listed)}`, async (context) => {
    const { url, sent } = await openLoopback(context, () => page(listed));

    const told = await executionState(new LambdaClient(clientFor(url)), FUNCTION, ID);

    assert.equal(told, state);
    const query = new URL(sent[0]?.path ?? "", url).searchParams;
    assert.equal(query.get("DurableExecutionName"), ID);
  });

test("an execution on a later page is found", async (context) => {
  const { url } = await openLoopback(context, ({ path }) =>
    path.includes("Marker=more") ? page([{ name: ID, status: "RUNNING" }]) : page([], "more"),
  );

  assert.equal(await executionState(new LambdaClient(clientFor(url)), FUNCTION, ID), "running");
});

test("where only the alias tells of it, an execution is found all the same", async (context) => {
  const { url } = await openLoopback(context, ({ path }) =>
    page(path.includes("Qualifier=live") ? [{ name: ID, status: "RUNNING" }] : []),
  );

  assert.equal(await executionState(new LambdaClient(clientFor(url)), ALIAS, ID), "running");
});

for (const [state, reply] of [
  ["running", { status: "RUNNING" }],
  ["ended", { status: "SUCCEEDED" }],
  ["ended", { status: "FAILED" }],
  ["absent", null],
] as const)
  test(`an execution that took its incident is asked for by its own ARN, and is ${state} (${reply?.status})`, async (context) => {
    const { url, sent } = await openLoopback(context, () =>
      reply === null
        ? refusal("rest-json", 404, "ResourceNotFoundException")
        : {
            ...{ kind: "answer", status: 200, headers: { "content-type": "application/json" } },
            body: JSON.stringify({
              ...{ DurableExecutionArn: EXECUTION, DurableExecutionName: ID, FunctionArn: FUNCTION },
              ...{ Status: reply.status, StartTimestamp: 1_790_000_000 },
            }),
          },
    );

    const told = await executionState(new LambdaClient(clientFor(url)), ALIAS, ID, EXECUTION);

    assert.equal(told, state);
    const { pathname } = new URL(sent[0]?.path ?? "", url);
    assert.equal(decodeURIComponent(pathname), `/2025-12-01/durable-executions/${EXECUTION}`);
  });
