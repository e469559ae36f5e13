import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import { clientFor, openLoopback, type Reply, refusal } from "../loopback.fixture.ts";
import { operationOf, planesAt } from "../resources/account.fixture.ts";
import { at, call, PLACE, SERVICE, updateService } from "./change-events.fixture.ts";
import { cloudTrailChanges } from "./cloudtrail.ts";
import { controlPlaneChanges } from "./control-plane-changes.ts";

const ALIAS = at("lambda", "function:orders:live");
const FLAGS = at("appconfig", "application/abcd123/environment/efgh456");
const secondsOf = (text: string): number => Date.parse(text) / 1000;
const json = (body: unknown): Reply => ({ kind: "answer", status: 200, body: JSON.stringify(body) });
const DAY = [Date.parse("2026-01-05T00:00:00Z"), Date.parse("2026-01-06T00:00:00Z")] as const;

const ANSWERS: Readonly<Record<string, Reply>> = {
  DescribeServices: json({
    services: [
      {
        serviceArn: SERVICE,
        deployments: [
          { id: "ecs-svc/8", status: "PRIMARY", taskDefinition: "web:8", createdAt: secondsOf("2026-01-05T09:59:00Z") },
          { id: "ecs-svc/7", status: "ACTIVE", taskDefinition: "web:7", createdAt: secondsOf("2026-01-04T09:00:00Z") },
        ],
      },
    ],
  }),
  "GET /2015-03-31/functions/orders/aliases/live": json({ FunctionVersion: "8" }),
  "GET /2015-03-31/functions/orders/configuration": json({ LastModified: "2026-01-05T09:58:00.000+0000", Timeout: 3 }),
  "GET /applications/abcd123/environments/efgh456/deployments": json({
    Items: [
      {
        DeploymentNumber: 4,
        ConfigurationName: "flags",
        ConfigurationVersion: "9",
        State: "COMPLETE",
        StartedAt: "2026-01-05T09:57:00Z",
      },
      {
        DeploymentNumber: 3,
        ConfigurationName: "flags",
        ConfigurationVersion: "8",
        State: "ROLLED_BACK",
        StartedAt: "2026-01-05T08:00:00Z",
      },
      {
        DeploymentNumber: 2,
        ConfigurationName: "flags",
        ConfigurationVersion: "7",
        State: "COMPLETE",
        StartedAt: "2026-01-02T08:00:00Z",
      },
    ],
  }),
};

const askedOf = async (context: TestContext, answers: Readonly<Record<string, Reply>>) => {
  const loopback = await openLoopback(
    context,
    (sent) => answers[operationOf(sent)] ?? { kind: "answer", status: 500, body: "{}" },
  );
  return controlPlaneChanges(planesAt(clientFor(loopback.url)));
};

test("each control plane tells of what it still shows, within the window and with what it replaced", async (context) => {
  const sources = await askedOf(context, ANSWERS);

  const found = await Promise.all(
    sources.map((source) => source([SERVICE, ALIAS, FLAGS, "arn:aws:s3:::bucket"], ...DAY)),
  );

  assert.deepEqual(
    found.map((rows) => rows.map(({ id, target, from, to }) => [id, target, from, to])),
    [
      [["ecs-svc/8", SERVICE, "web:7", "web:8"]],
      [[`lambda-version/${ALIAS}/8`, ALIAS, null, "8"]],
      [
        ["appconfig/abcd123/efgh456/4", FLAGS, "7", "9"],
        ["appconfig/abcd123/efgh456/3", FLAGS, "7", "8"],
      ],
    ],
  );
});

test("a control plane that refuses throws, in words that say which call needs a right", async (context) => {
  const [ecs] = await askedOf(context, { DescribeServices: refusal("json-1.1", 400, "AccessDeniedException") });

  await assert.rejects(ecs?.([SERVICE], ...DAY) ?? assert.fail(), /the role may not call ecs:DescribeServices/);
});

const looked = (events: readonly unknown[]): Reply => ({
  ...{ kind: "answer", status: 200, headers: { "content-type": "application/x-amz-json-1.1" } },
  body: JSON.stringify({
    Events: events.map((one) => ({ CloudTrailEvent: typeof one === "string" ? one : JSON.stringify(one) })),
  }),
});

test("CloudTrail's history is asked once for each service of AWS at hand, as often as the limits allow", async (context) => {
  const events = [
    updateService().detail,
    call("ecs", "UpdateService", { service: "other", cluster: "shop-prod" }).detail,
    "{",
  ];
  const loopback = await openLoopback(context, (_sent, nth) => looked(nth === 0 ? events : []));
  const client = new CloudTrailClient(clientFor(loopback.url));
  const ask = cloudTrailChanges(client, PLACE, { mostCalls: 2, everyMs: 1, deadlineMs: 5_000 });

  const changes = await ask([SERVICE, ALIAS, at("rds", "db:main"), at("sqs", "orders")], ...DAY);

  const asked = loopback.sent.map(({ body }) => JSON.parse(body.toString("utf8")).LookupAttributes[0].AttributeValue);
  assert.deepEqual(
    changes.map(({ id, target, author }) => [id, target, author]),
    [["ecs-svc/8", SERVICE, "deployer/amara"]],
  );
  assert.deepEqual(asked, ["ecs.amazonaws.com", "lambda.amazonaws.com"]);
});

test("CloudTrail that throttles throws, and a deadline that has passed asks nothing more", async (context) => {
  const loopback = await openLoopback(context, () => refusal("json-1.1", 400, "ThrottlingException"));
  const client = new CloudTrailClient(clientFor(loopback.url));
  const ask = (deadlineMs: number) => cloudTrailChanges(client, PLACE, { mostCalls: 2, everyMs: 1, deadlineMs });

  await assert.rejects(ask(5_000)([SERVICE], ...DAY), /cloudtrail:LookupEvents of ecs\.amazonaws\.com: throttled/);
  assert.deepEqual(await ask(-1)([SERVICE], ...DAY), []);
  assert.equal(loopback.sent.length, 1);
});
