import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsCallFailed, type CallFailure } from "./call.ts";
import { clientFor, openLoopback, type Protocol, type Reply, refusal } from "./loopback.fixture.ts";

/** Short enough for a test to wait for. */
const SHORT_MS = 150;

/** The codes with which a service throttles and denies; what they mean is the same everywhere. */
const CODES: Readonly<Record<Protocol, Readonly<{ throttled: [number, string]; denied: [number, string] }>>> = {
  "json-1.0": { throttled: [400, "ThrottlingException"], denied: [400, "AccessDeniedException"] },
  "json-1.1": { throttled: [400, "ThrottlingException"], denied: [400, "AccessDeniedException"] },
  "rest-json": { throttled: [429, "TooManyRequestsException"], denied: [403, "AccessDeniedException"] },
  "rest-xml": { throttled: [503, "SlowDown"], denied: [403, "AccessDenied"] },
  query: { throttled: [400, "Throttling"], denied: [403, "AuthorizationError"] },
  ec2: { throttled: [503, "RequestLimitExceeded"], denied: [403, "UnauthorizedOperation"] },
};

/** One call of an adapter whose service fails. */
export type CallThatFails = Readonly<{
  protocol: Protocol;
  /** As IAM names the permission that the call takes. */
  action: string;
  /** What the call is about, as the message names it. */
  what: string;
  /** Makes the adapter with such a client and calls it. */
  call: (client: ReturnType<typeof clientFor>) => Promise<unknown>;
}>;

/** What every adapter of AWS promises where the service fails: a throw that says what was tried, on what, and what came. */
export const failuresContract = (name: string, { protocol, action, what, call }: CallThatFails): void => {
  const { throttled, denied } = CODES[protocol];
  const cases: readonly Readonly<{ when: string; reply: Reply; kinds: readonly CallFailure[] }>[] = [
    { when: "throttled", reply: refusal(protocol, ...throttled), kinds: ["throttled"] },
    { when: "denied", reply: refusal(protocol, ...denied), kinds: ["denied"] },
    { when: "broken", reply: refusal(protocol, 500, "InternalError"), kinds: ["failed"] },
    { when: "slow", reply: { kind: "silence" }, kinds: ["timed-out"] },
    // The SDK calls a torn connection a timeout.
    { when: "cut off", reply: { kind: "cut" }, kinds: ["failed", "timed-out"] },
  ];
  for (const { when, reply, kinds } of cases)
    test(`${name}: where the service is ${when}, ${action} throws and says of what`, async (context) => {
      const { url } = await openLoopback(context, () => reply);

      const failed = call(clientFor(url, SHORT_MS));

      await assert.rejects(failed, (error: unknown) => {
        assert.ok(error instanceof AwsCallFailed);
        assert.ok(kinds.includes(error.kind), error.message);
        assert.ok(error.message.includes(action), error.message);
        assert.ok(error.message.includes(what), error.message);
        return true;
      });
    });
};
