import assert from "node:assert/strict";
import { test } from "node:test";
import { SNSClient } from "@aws-sdk/client-sns";
import { clientFor, openLoopback, type Reply } from "../../adapters/aws/loopback.fixture.ts";
import { simulatedLedger } from "../../adapters/simulated/ledger.ts";
import { parseConfiguration } from "../../core/configuration.ts";
import { service } from "../../core/example.fixture.ts";
import type { Secret } from "../../core/secret.ts";
import { pagerOf } from "./people.ts";

const TOPIC = "arn:aws:sns:eu-west-1:123456789012:pages";
const PUBLISHED: Reply = {
  ...{ kind: "answer", status: 200, headers: { "content-type": "text/xml" } },
  body: "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>",
};
const request = { incidentId: "quell-one", severity: 2, summary: "checkout fails", details: [] };

const configured = (pager: unknown) =>
  parseConfiguration({ pager, settings: { account: "123456789012", region: "eu-west-1", services: [service] } });

for (const [region, host] of [
  [undefined, "https://events.pagerduty.com/v2/enqueue"],
  ["us", "https://events.pagerduty.com/v2/enqueue"],
  ["eu", "https://events.eu.pagerduty.com/v2/enqueue"],
] as const)
  test(`where pager.region is ${region ?? "left out"}, a page goes to ${host}`, async (context) => {
    const sns = await openLoopback(context, () => PUBLISHED);
    const asked: string[] = [];
    context.mock.method(globalThis, "fetch", async (url: string) => {
      asked.push(url);
      return new Response("{}", { status: 202 });
    });
    const read: Secret[] = [];
    const secrets = async (secret: Secret) => {
      read.push(secret);
      return "0123456789abcdef0123456789abcdef";
    };
    const routingKeySecret = { parameter: "/quell/pagerduty" };
    const { pager: named } = configured({
      ...{ kind: "pagerduty", routingKeySecret },
      ...(region === undefined ? {} : { region }),
    });
    const to = { sns: new SNSClient(clientFor(sns.url)), topicArn: TOPIC, ledger: simulatedLedger(), secrets };

    await pagerOf({ pager: named }, to).page(request);

    assert.deepEqual([asked, read, sns.sent.length], [[host], [routingKeySecret], 0]);
  });

test("a service Region that PagerDuty does not have is refused with those that it has", () => {
  const pager = { kind: "pagerduty", routingKeySecret: "quell/pagerduty", region: "eu-west-1" };

  assert.throws(() => configured(pager), /quell\.config\.ts: pager\.region: .*"us"\|"eu"/);
});

test("where the routing key is not there, the topic pages", async (context) => {
  const sns = await openLoopback(context, () => PUBLISHED);
  const { pager } = configured({ kind: "pagerduty", routingKeySecret: { parameter: "/quell/absent" } });
  const secrets = async () => Promise.reject(new Error("there is no parameter /quell/absent"));
  const to = { sns: new SNSClient(clientFor(sns.url)), topicArn: TOPIC, ledger: simulatedLedger(), secrets };

  await pagerOf({ pager }, to).page(request);

  assert.equal(sns.sent.length, 1);
});
