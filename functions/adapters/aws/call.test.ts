import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, StartQueryCommand } from "@aws-sdk/client-cloudwatch-logs";
import { AwsCallFailed, callAws } from "./call.ts";
import { clientFor, openLoopback, type Reply, refusal } from "./loopback.fixture.ts";

const failed = async (call: () => Promise<unknown>): Promise<AwsCallFailed> => {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof AwsCallFailed);
    return error;
  }
  throw new Error("the call did not fail");
};

const describeAlarms = (url: string, requestTimeout?: number) => () =>
  callAws("cloudwatch:DescribeAlarms", "2 alarms", () =>
    new CloudWatchClient(clientFor(url, requestTimeout)).send(new DescribeAlarmsCommand({})),
  );

const CASES: readonly Readonly<{ reply: Reply; kind: AwsCallFailed["kind"]; says: RegExp }>[] = [
  {
    reply: refusal("json-1.0", 400, "AccessDeniedException"),
    kind: "denied",
    says: /may not call cloudwatch:DescribeAlarms \(AccessDenied\w*\) for 2 alarms; add it to the role/,
  },
  {
    reply: refusal("json-1.0", 403, "SomethingNew"),
    kind: "denied",
    says: /may not call cloudwatch:DescribeAlarms \(SomethingNew\)/,
  },
  {
    reply: refusal("json-1.0", 403, "ExpiredTokenException"),
    kind: "denied",
    says: /no valid credentials \(ExpiredToken/,
  },
  {
    reply: refusal("json-1.0", 400, "ThrottlingException"),
    kind: "throttled",
    says: /cloudwatch:DescribeAlarms of 2 alarms: throttled/,
  },
  { reply: refusal("json-1.0", 429, "SomethingNew"), kind: "throttled", says: /throttled \(SomethingNew\)/ },
  { reply: refusal("json-1.0", 400, "LimitExceededException"), kind: "throttled", says: /raise the account's quota/ },
  {
    reply: refusal("json-1.0", 400, "ResourceNotFoundException", "it is gone"),
    kind: "missing",
    says: /not there \(ResourceNotFound\w*\).*: it is gone$/,
  },
  {
    reply: refusal("json-1.0", 500, "InternalServiceFault", `first\n${"x".repeat(5000)}`),
    kind: "failed",
    says: /InternalServiceFault after [\d.]+ s: first x{100}/,
  },
  { reply: { kind: "cut" }, kind: "failed", says: /cloudwatch:DescribeAlarms of 2 alarms: \w+ after/ },
];

describe("a call that fails", () => {
  for (const [index, { reply, kind, says }] of CASES.entries())
    it(`is told in words that name the permission, the things asked for and what to do (${index}: ${kind})`, async (context) => {
      const { url } = await openLoopback(context, () => reply);

      const error = await failed(describeAlarms(url));

      assert.equal(error.kind, kind);
      assert.match(error.message, says);
      assert.ok(error.message.length < 400);
      assert.ok(error.cause instanceof Error);
    });

  it("tells after how long nothing had come", async (context) => {
    const { url } = await openLoopback(context, () => ({ kind: "silence" }));

    const error = await failed(describeAlarms(url, 150));

    assert.equal(error.kind, "timed-out");
    assert.match(error.message, /no answer within 0\.[1-9] s/);
  });

  it("is timed out too where its caller gave it up", async (context) => {
    const { url } = await openLoopback(context, () => ({ kind: "silence" }));
    const client = new CloudWatchLogsClient(clientFor(url));
    const query = new StartQueryCommand({ queryString: "fields @message", startTime: 0, endTime: 1 });

    const error = await failed(() =>
      callAws("logs:StartQuery", "/api", () => client.send(query, { abortSignal: AbortSignal.timeout(50) })),
    );

    assert.equal(error.kind, "timed-out");
  });

  it("keeps the words of the innermost call", async () => {
    const inner = new AwsCallFailed("denied", "the role may not");

    const error = await failed(() => callAws("sns:Publish", "a page", () => Promise.reject(inner)));

    assert.equal(error, inner);
  });

  it("that threw no error says so instead of failing itself", async () => {
    const error = await failed(() => callAws("sns:Publish", "a page", () => Promise.reject("a text")));

    assert.equal(error.kind, "failed");
    assert.match(error.message, /a text/);
  });
});
