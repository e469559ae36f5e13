import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SNSClient } from "@aws-sdk/client-sns";
import type { PageRequest, Pager } from "../../core/ports.ts";
import { type Closing, clientFor, openLoopback, type Reply, refusal } from "../aws/loopback.fixture.ts";
import { snsPager } from "../aws/sns-pager.ts";
import { pagerContract } from "../contracts/pager.contract.ts";
import { simulatedLedger } from "../simulated/ledger.ts";
import { firstThatAnswers, NobodyPaged } from "./both.ts";
import { pagerDutyPager } from "./pagerduty.ts";

const request = { incidentId: "quell-one", severity: 2, summary: "checkout fails", details: ["5xx 12 %"] };
const TAKEN: Reply = { kind: "answer", status: 202, body: '{"status":"success"}' };
const PUBLISHED: Reply = {
  ...{ kind: "answer", status: 200, headers: { "content-type": "text/xml" } },
  body: "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>",
};
const DOWN: Reply = { kind: "answer", status: 503 };

/** PagerDuty first, a topic second, each on its own loopback and with what it took. */
const both = async (context: Closing, duty: () => Reply, topic: () => Reply) => {
  const ledger = simulatedLedger();
  const taken: string[] = [];
  const noting = (way: string, incidentId: string, reply: Reply): Reply => {
    if (reply === TAKEN || reply === PUBLISHED) taken.push(`${way} ${incidentId}`);
    return reply;
  };
  const first = await openLoopback(context, ({ body }) => noting("duty", JSON.parse(String(body)).dedup_key, duty()));
  const second = await openLoopback(context, ({ body }) =>
    noting("topic", /quell-[a-z]+/.exec(String(body))?.[0] ?? "", topic()),
  );
  const pager = firstThatAnswers(
    pagerDutyPager({ routingKey: async () => "key", ledger, endpoint: first.url }),
    snsPager(new SNSClient(clientFor(second.url)), "arn:aws:sns:eu-west-1:123456789012:pages", ledger),
  );
  return { pager, taken };
};

for (const [name, duty] of [
  ["the first of two pagers", TAKEN],
  ["the second of two pagers", DOWN],
] as const)
  pagerContract(name, async () => {
    const { pager, taken } = await both(
      { after },
      () => duty,
      () => PUBLISHED,
    );
    return { pager, reached: async () => taken.map((each) => each.split(" ")[1] ?? "") };
  });

test("the second is asked only where the first fails, and each goes on with what it began", async (context) => {
  let duty: Reply = DOWN;
  const { pager, taken } = await both(
    context,
    () => duty,
    () => PUBLISHED,
  );

  await pager.page(request);
  duty = TAKEN;
  await pager.page({ ...request, incidentId: "quell-two" });
  await pager.update("quell-one", "still looking");
  await pager.resolve("quell-two", "recovered");

  assert.deepEqual(taken, ["topic quell-one", "duty quell-two", "topic quell-one", "duty quell-two"]);
});

test("whoever is paged by the second way is told why the first did not page", async () => {
  const paged: PageRequest[] = [];
  const silent = { update: async () => {}, resolve: async () => {} };
  const first: Pager = { ...silent, page: async () => Promise.reject(new Error("there is no secret quell/pagerduty")) };
  const second: Pager = { ...silent, page: async (each) => void paged.push(each) };

  await firstThatAnswers(first, second).page(request);

  assert.deepEqual(paged, [
    { ...request, details: ["5xx 12 %", "Not paged by another way: there is no secret quell/pagerduty"] },
  ]);
});

test("where both fail it throws with what each said, and the next try reaches people", async (context) => {
  let isDown = true;
  const { pager, taken } = await both(
    context,
    () => DOWN,
    () => (isDown ? refusal("query", 400, "Throttling") : PUBLISHED),
  );

  await assert.rejects(pager.page(request), (error: unknown) => {
    assert.ok(error instanceof NobodyPaged);
    assert.match(
      error.message,
      /PagerDuty, trigger of quell-one: HTTP 503.*; sns:Publish of page of quell-one.*throttled/,
    );
    return true;
  });
  isDown = false;
  await pager.page(request);

  assert.deepEqual(taken, ["topic quell-one"]);
});

test("words after the page that one way could not take are never lost in silence", async () => {
  const told: string[] = [];
  const way = (name: string, fails: boolean): Pager => ({
    page: async () => {},
    update: async () => {
      told.push(name);
      if (fails) throw new Error(`${name} is down`);
    },
    resolve: async () => {},
  });

  const updated = firstThatAnswers(way("first", true), way("second", false)).update("quell-one", "still looking");

  await assert.rejects(updated, /first is down/);
  assert.deepEqual(told, ["first", "second"]);
});
