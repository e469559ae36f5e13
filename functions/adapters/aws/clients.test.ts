import assert from "node:assert/strict";
import { test } from "node:test";
import { DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { SQSClient } from "@aws-sdk/client-sqs";
import { clientsWith } from "./clients.ts";
import { clientFor, openLoopback } from "./loopback.fixture.ts";

const NOWHERE = clientFor("http://127.0.0.1:9");

test("whoever asks for a class has the one client of it, and each class has its own", () => {
  const clientOf = clientsWith(NOWHERE);

  const [rds, sqs, again] = [clientOf(RDSClient), clientOf(SQSClient), clientOf(RDSClient)];

  assert.ok(rds instanceof RDSClient && sqs instanceof SQSClient);
  assert.equal(again, rds);
});

test("a client is made with the settings, and prepared before anybody has it", async (context) => {
  const prepared: object[] = [];
  const loopback = await openLoopback(context, () => ({ kind: "answer", status: 500, body: "" }));
  const clientOf = clientsWith(clientFor(loopback.url), (client) => {
    prepared.push(client);
    return client;
  });

  const rds = clientOf(RDSClient);
  await rds.send(new DescribeDBInstancesCommand({})).catch(() => {});

  assert.deepEqual(prepared, [rds]);
  assert.equal(loopback.sent.length, 1);
});
