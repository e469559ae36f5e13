import assert from "node:assert/strict";
import { test } from "node:test";
import { SSMClient } from "@aws-sdk/client-ssm";
import { failuresContract } from "./failures.contract.ts";
import { clientFor, openLoopback, type Reply, type Sent } from "./loopback.fixture.ts";
import { runningAutomations } from "./running-automations.ts";

const answer = (body: unknown): Reply => ({ kind: "answer", status: 200, body: JSON.stringify(body) });
const asked = ({ headers }: Sent): string => String(headers["x-amz-target"]).split(".").at(-1) ?? "";

/** Two pages: of incident a two runs, of b one, one of somebody else's document, one without tags. */
const RUNS = [
  [
    { AutomationExecutionId: "1", DocumentName: "Quell-ecs-rollback-000000000000" },
    { AutomationExecutionId: "2", DocumentName: "AWS-RestartEC2Instance" },
    { AutomationExecutionId: "3", DocumentName: "Quell-ecs-rollback-undo-000000000000" },
  ],
  [
    { AutomationExecutionId: "4", DocumentName: "Quell-rds-reboot-000000000000" },
    { AutomationExecutionId: "5", DocumentName: "Quell-rds-reboot-000000000000" },
  ],
];
const INCIDENT: Readonly<Record<string, string>> = { 1: "quell-a", 2: "quell-a", 3: "quell-a", 4: "quell-b" };

const reply = (sent: Sent): Reply => {
  const body = JSON.parse(sent.body.toString("utf8"));
  if (asked(sent) === "ListTagsForResource") {
    const incident = INCIDENT[body.ResourceId];
    return answer({ TagList: incident === undefined ? [] : [{ Key: "quell:incident", Value: incident }] });
  }
  const page = body.NextToken === undefined ? 0 : 1;
  return answer({ AutomationExecutionMetadataList: RUNS[page], ...(page === 0 ? { NextToken: "1" } : {}) });
};

test("the runs of an incident are counted by their tags, over every page, and nobody else's document is looked at", async (context) => {
  const { url, sent } = await openLoopback(context, reply);
  const client = new SSMClient(clientFor(url));

  const counts = [];
  for (const id of ["quell-a", "quell-b", "quell-c"]) counts.push(await runningAutomations(client, id));

  assert.deepEqual(counts, [2, 1, 0]);
  const looked = sent.filter((one) => asked(one) === "ListTagsForResource").map(({ body }) => JSON.parse(String(body)));
  assert.deepEqual([...new Set(looked.map(({ ResourceId }) => ResourceId))].toSorted(), ["1", "3", "4", "5"]);
  assert.deepEqual(JSON.parse(String(sent[0]?.body)).Filters[0].Key, "ExecutionStatus");
});

failuresContract("the count of runs", {
  ...{ protocol: "json-1.1", action: "ssm:DescribeAutomationExecutions", what: "automations that run" },
  call: (config) => runningAutomations(new SSMClient(config), "quell-a"),
});
