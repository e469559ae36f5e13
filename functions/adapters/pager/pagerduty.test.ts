import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Closing, openLoopback, type Reply } from "../aws/loopback.fixture.ts";
import { pagerContract } from "../contracts/pager.contract.ts";
import { simulatedLedger } from "../simulated/ledger.ts";
import { PagerDutyFailed, pagerDutyPager } from "./pagerduty.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const TAKEN: Reply = {
  ...{ kind: "answer", status: 202, headers: { "content-type": "application/json" } },
  body: JSON.stringify({ status: "success", message: "Event processed", dedup_key: "quell-one" }),
};
const request = { incidentId: "quell-one", severity: 2, summary: "checkout fails", details: ["5xx 12 %"] };

const at = async (context: Closing, reply: (nth: number) => Reply = () => TAKEN, timeoutMs = 5_000) => {
  const { url, sent } = await openLoopback(context, (_, nth) => reply(nth));
  const pager = pagerDutyPager({
    ...{ routingKey: async () => KEY, ledger: simulatedLedger(), endpoint: `${url}/v2/enqueue`, timeoutMs },
  });
  return { pager, sent, events: () => sent.map(({ body }) => JSON.parse(body.toString("utf8"))) };
};

pagerContract("the PagerDuty pager", async () => {
  const { pager, events } = await at({ after });
  return { pager, reached: async () => events().map(({ dedup_key }) => dedup_key) };
});

test("a page is a trigger under the incident's id, with all that whoever is woken needs", async (context) => {
  const { pager, sent, events } = await at(context);

  await pager.page(request);

  assert.equal(`${sent[0]?.method} ${sent[0]?.path}`, "POST /v2/enqueue");
  assert.equal(sent[0]?.headers["content-type"], "application/json");
  assert.deepEqual(events(), [
    {
      ...{ routing_key: KEY, event_action: "trigger", dedup_key: "quell-one", client: "Quell" },
      payload: {
        ...{ summary: "checkout fails", source: "quell", severity: "error" },
        custom_details: {
          incident: "quell-one",
          details: "checkout fails\n\n- 5xx 12 %\n\nSeverity 2 (1 is the gravest). Incident quell-one.",
        },
      },
    },
  ]);
});

test("the graver the incident, the graver the alert", async (context) => {
  const { pager, events } = await at(context);

  for (const severity of [0, 1, 2, 3, 4, 9])
    await pager.page({ ...request, incidentId: `quell-${severity}`, severity });

  assert.deepEqual(
    events().map(({ payload }) => payload.severity),
    ["critical", "critical", "error", "warning", "info", "info"],
  );
});

test("words after the page join its alert, and its end resolves it", async (context) => {
  const { pager, events } = await at(context);
  await pager.page(request);

  await pager.update("quell-one", "still looking");
  await pager.resolve("quell-one", "recovered");

  assert.deepEqual(
    events().map(({ event_action, dedup_key, payload }) => [event_action, dedup_key, payload?.summary]),
    [
      ["trigger", "quell-one", "checkout fails"],
      ["trigger", "quell-one", "still looking"],
      ["resolve", "quell-one", undefined],
    ],
  );
});

test("a summary is cut to what PagerDuty takes", async (context) => {
  const { pager, events } = await at(context);

  await pager.page({ ...request, summary: "long ".repeat(1_000) });

  assert.equal(events()[0]?.payload.summary.length, 1024);
});

const answer = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  ...{ kind: "answer", status, headers, body },
});
const INVALID = JSON.stringify({
  ...{ status: "invalid event", message: "Event object is invalid" },
  errors: [`'routing_key' ${KEY} is invalid`],
});

for (const [when, reply, says] of [
  ["throttles", answer(429, "", { "retry-after": "30" }), /HTTP 429, throttled; .*, not before 30 s$/],
  ["throttles and says no more", answer(429, "slow down"), /HTTP 429, throttled; it is worth trying again$/],
  ["is broken", answer(503, "<html>"), /HTTP 503; it is worth trying again$/],
  ["refuses", answer(400, INVALID), /HTTP 400, refused: .* is invalid; look at the secret .*, and at pager\.region$/],
  ["knows no such key", answer(404, "no json"), /HTTP 404, refused: ; look at the secret/],
  ["takes it with another status than it says", answer(200, "{}"), /HTTP 200, refused/],
  ["cuts the connection", { kind: "cut" }, /no connection$/],
  ["does not answer", { kind: "silence" }, /no answer within 150 ms$/],
] as const satisfies readonly (readonly [string, Reply, RegExp])[])
  test(`where PagerDuty ${when}, paging throws, and the next try pages`, async (context) => {
    const { pager, sent } = await at(context, (nth) => (nth === 0 ? reply : TAKEN), 150);

    await assert.rejects(pager.page(request), (error: unknown) => {
      assert.ok(error instanceof PagerDutyFailed);
      assert.match(error.message, /^PagerDuty, trigger of quell-one: /);
      assert.match(error.message, says);
      assert.ok(!error.message.includes(KEY));
      return true;
    });
    await pager.page(request);

    assert.equal(sent.length, 2);
  });

test("a routing key that cannot be read fails the page before anything is sent", async (context) => {
  const { url, sent } = await openLoopback(context, () => TAKEN);
  const routingKey = async () => Promise.reject(new Error("there is no secret pagerduty"));

  const paged = pagerDutyPager({ routingKey, ledger: simulatedLedger(), endpoint: url }).page(request);

  await assert.rejects(paged, /there is no secret pagerduty/);
  assert.equal(sent.length, 0);
});
