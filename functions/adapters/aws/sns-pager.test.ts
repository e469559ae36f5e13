import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { z } from "zod";
import type { PageRequest } from "../../core/ports.ts";
import { pagerContract } from "../contracts/pager.contract.ts";
import { type Emulator, startMinistack } from "../emulators/emulators.fixture.ts";
import { simulatedLedger } from "../simulated/ledger.ts";
import { failuresContract } from "./failures.contract.ts";
import { clientFor, openLoopback } from "./loopback.fixture.ts";
import { snsPager } from "./sns-pager.ts";

let emulator: Emulator;
let sns: SNSClient;
let sqs: SQSClient;
before(async () => {
  emulator = await startMinistack();
  sns = new SNSClient(emulator.clientConfig);
  sqs = new SQSClient(emulator.clientConfig);
});
after(() => emulator.stop());

const notification = z.object({
  ...{ Subject: z.string(), Message: z.string() },
  MessageAttributes: z.object({ incidentId: z.object({ Value: z.string() }), kind: z.object({ Value: z.string() }) }),
});
type Heard = Readonly<{ subject: string; message: string; incidentId: string; kind: string }>;

/** A topic with one subscriber. @returns its ARN, and what the subscriber has heard since it was last asked */
const topic = async (): Promise<Readonly<{ arn: string; heard: () => Promise<readonly Heard[]> }>> => {
  const name = `pages-${crypto.randomUUID()}`;
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: name }));
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const Endpoint = `arn:aws:sqs:eu-west-1:123456789012:${name}`;
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
  const heard = async (): Promise<readonly Heard[]> => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    return Messages.map(({ Body = "" }) => {
      const { Subject: subject, Message: message, MessageAttributes: of } = notification.parse(JSON.parse(Body));
      return { subject, message, incidentId: of.incidentId.Value, kind: of.kind.Value };
    });
  };
  return { arn: TopicArn, heard };
};

const requestWith = (changes: Partial<PageRequest> = {}): PageRequest => ({
  ...{ incidentId: "quell-one", severity: 2, summary: "checkout fails", details: ["5xx 12 %"] },
  ...changes,
});

pagerContract("the SNS pager", async () => {
  const { arn, heard } = await topic();
  const reached = async () => (await heard()).map(({ incidentId }) => incidentId);
  return { pager: snsPager(sns, arn, simulatedLedger()), reached };
});

const ARN = "arn:aws:sns:eu-west-1:123456789012:pages";
failuresContract("the SNS pager", {
  ...{ protocol: "query", action: "sns:Publish", what: `page of quell-one to ${ARN}` },
  call: (config) => snsPager(new SNSClient(config), ARN, simulatedLedger()).page(requestWith()),
});

test("whoever is woken reads what happened, what was found, how grave it is, and which incident it is", async () => {
  const { arn, heard } = await topic();

  await snsPager(sns, arn, simulatedLedger()).page(
    requestWith({ details: ["5xx 12 %", "decision 0: restart -> worse"] }),
  );

  assert.deepEqual(await heard(), [
    {
      subject: "Severity 2: checkout fails",
      message: [
        "checkout fails",
        "",
        "- 5xx 12 %",
        "- decision 0: restart -> worse",
        "",
        "Severity 2 (1 is the gravest). Incident quell-one.",
      ].join("\n"),
      ...{ incidentId: "quell-one", kind: "page" },
    },
  ]);
});

test("words after the page follow it, the same ones once", async () => {
  const { arn, heard } = await topic();
  const pager = snsPager(sns, arn, simulatedLedger());
  await pager.page(requestWith());
  await heard();

  for (const text of ["still looking", "found it", "still looking"]) await pager.update("quell-one", text);
  for (const text of ["recovered", "recovered"]) await pager.resolve("quell-one", text);

  assert.deepEqual(
    (await heard()).map(({ subject }) => subject),
    ["Update: still looking", "Update: found it", "Over: recovered"],
  );
});

test("a subject is one line of ASCII that SNS takes, whatever an alarm is called", async () => {
  const { arn, heard } = await topic();
  const summary = `Größe der Warteschlange 注文 🔥\n\ttoo ${"long ".repeat(60)}`;

  await snsPager(sns, arn, simulatedLedger()).page(requestWith({ summary, details: [] }));

  const [{ subject, message } = { subject: "", message: "" }] = await heard();
  assert.match(subject, /^Severity 2: Gro\?e der Warteschlange \?\? \? too long .*\.\.\.$/);
  assert.ok(subject.length < 100);
  assert.match(message, /^Größe der Warteschlange 注文 🔥 too long/);
});

test("a page of very many details is cut to what SNS takes, and says how many are left out", async () => {
  const { arn, heard } = await topic();
  const details = Array.from({ length: 500 }, (_, n) => `${n} ${"x".repeat(2_000)}`);

  await snsPager(sns, arn, simulatedLedger()).page(requestWith({ details }));

  const [{ message } = { message: "" }] = await heard();
  assert.ok(Buffer.byteLength(message) < 20_000);
  assert.match(message, /- and 470 more, in the incident's record/);
});

test("a page whose answer was lost is sent again: people rather hear twice than never", async (context) => {
  const { arn, heard } = await topic();
  const between = await openLoopback(context, (_, nth) => ({
    kind: nth === 0 ? "lose" : "pass",
    to: emulator.endpoint,
  }));
  const pager = snsPager(new SNSClient(clientFor(between.url)), arn, simulatedLedger());

  await assert.rejects(pager.page(requestWith()));
  await pager.page(requestWith());
  await pager.page(requestWith());

  assert.equal((await heard()).length, 2);
});
