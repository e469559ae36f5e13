import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { Vote } from "../../core/stages.ts";
import { type Emulator, startMinistack } from "../emulators/emulators.fixture.ts";
import { createApprovalsTable } from "./dynamodb-tables.fixture.ts";
import { readVotes, writeVote } from "./dynamodb-votes.ts";
import { failuresContract } from "./failures.contract.ts";
import { clientFor, openLoopback } from "./loopback.fixture.ts";

let emulator: Emulator;
let client: DynamoDBClient;
before(async () => {
  emulator = await startMinistack();
  client = new DynamoDBClient(emulator.clientConfig);
});
after(() => emulator.stop());

const DECISION_ID = "quell-a/0";
const voteOf = (changes: Partial<Vote> = {}): Vote => ({
  ...{
    person: "ada",
    group: "oncall",
    answer: "approve",
    planHash: "a".repeat(64),
    reason: "",
    atMs: 1_790_000_000_000,
  },
  ...changes,
});

const what = `the answer of ada to ${DECISION_ID} in t`;
failuresContract("writing a vote", {
  ...{ protocol: "json-1.0", action: "dynamodb:PutItem", what },
  call: (config) => writeVote(new DynamoDBClient(config), "t", DECISION_ID, voteOf()),
});
failuresContract("reading votes", {
  ...{ protocol: "json-1.0", action: "dynamodb:Query", what: `the answers to ${DECISION_ID} in t` },
  call: (config) => readVotes(new DynamoDBClient(config), "t", DECISION_ID),
});

test("a decision that nobody answered has no votes", async () => {
  const table = await createApprovalsTable(client);

  const votes = await readVotes(client, table, DECISION_ID);

  assert.deepEqual(votes, []);
});

test("each person has one vote, on one decision alone, read back as it was cast", async () => {
  const table = await createApprovalsTable(client);
  const [ada, bob] = [voteOf(), voteOf({ person: "bob", answer: "reject", reason: 'not "now"\n' })];

  await writeVote(client, table, DECISION_ID, bob);
  await writeVote(client, table, DECISION_ID, ada);
  await writeVote(client, table, "quell-a/1", voteOf({ answer: "reject" }));

  assert.deepEqual(await readVotes(client, table, DECISION_ID), [ada, bob]);
});

test("a person's first answer counts: a second one changes nothing and is told which stands", async () => {
  const table = await createApprovalsTable(client);
  const first = voteOf();

  await writeVote(client, table, DECISION_ID, first);
  const stands = await writeVote(client, table, DECISION_ID, voteOf({ answer: "reject", atMs: first.atMs + 1 }));

  assert.deepEqual(stands, first);
  assert.deepEqual(await readVotes(client, table, DECISION_ID), [first]);
});

test("100 clicks of one person at one moment are one vote, and every click is told the same", async () => {
  const table = await createApprovalsTable(client);
  const clicks = Array.from({ length: 100 }, (_, n) => voteOf({ answer: n % 2 ? "approve" : "reject", atMs: n }));

  const told = await Promise.all(clicks.map((click) => writeVote(client, table, DECISION_ID, click)));

  const votes = await readVotes(client, table, DECISION_ID);
  assert.equal(votes.length, 1);
  assert.deepEqual(told, Array(100).fill(votes[0]));
});

test("a vote whose answer was lost is there once, and the next click finds it", async (context) => {
  const table = await createApprovalsTable(client);
  const between = await openLoopback(context, (_, nth) => ({
    kind: nth === 0 ? "lose" : "pass",
    to: emulator.endpoint,
  }));
  const lossy = new DynamoDBClient(clientFor(between.url));

  await assert.rejects(writeVote(lossy, table, DECISION_ID, voteOf()));
  const again = await writeVote(lossy, table, DECISION_ID, voteOf({ answer: "reject" }));

  assert.deepEqual(again, voteOf());
});

test("what is no vote, or lies under another name, consents to nothing: reading it throws", async () => {
  const table = await createApprovalsTable(client);
  const texts = ["{", "{}", JSON.stringify({ ...voteOf(), answer: "yes" }), JSON.stringify(voteOf({ person: "bob" }))];

  for (const text of texts) {
    const Item = { decision: { S: DECISION_ID }, person: { S: "ada" }, vote: { S: text } };
    await client.send(new PutItemCommand({ TableName: table, Item }));

    await assert.rejects(
      readVotes(client, table, DECISION_ID),
      /quell-a\/0 in approvals-\d+: no answer that can be read/,
    );
  }
});

test("votes are read strongly consistent: a consent is never missed, nor a rejection", async (context) => {
  const { url, sent } = await openLoopback(context, () => ({
    ...{ kind: "answer", status: 200, headers: { "content-type": "application/x-amz-json-1.0" } },
    body: '{"Items":[]}',
  }));

  await readVotes(new DynamoDBClient(clientFor(url)), "t", DECISION_ID);

  assert.equal(JSON.parse(String(sent[0]?.body)).ConsistentRead, true);
});
