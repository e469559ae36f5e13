import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import type { Change, Resource } from "../../../core/evidence.ts";
import { type Emulator, REGION, startMoto } from "../../emulators/emulators.fixture.ts";
import { clientFor, openLoopback, type Reply } from "../loopback.fixture.ts";
import { operationOf, planesAt, settingsOf } from "./account.fixture.ts";
import { RESOURCE_KINDS } from "./all-kinds.ts";
import { ACCOUNT, type Filled, fillAccount } from "./emulated-account.fixture.ts";
import { liveResources } from "./live-resources.ts";

let moto: Emulator;
let made: Filled;
before(async () => {
  moto = await startMoto();
  made = await fillAccount(moto, planesAt(clientFor(moto.endpoint)));
});
after(() => moto.stop());

const FLAGS = `arn:aws:appconfig:${REGION}:${ACCOUNT}:application/abcd123/environment/efgh456`;
const DESTINATION = `arn:aws:events:${REGION}:${ACCOUNT}:api-destination/payments/11111111-2222-3333-4444-555555555555`;

const json = (body: unknown): Reply => ({
  ...{ kind: "answer", status: 200 },
  headers: { "content-type": "application/x-amz-json-1.0" },
  body: JSON.stringify(body),
});

/** What the emulator does not know, or forgets (the alias of a mapping), as AWS answers it. */
const missing = (): Readonly<Record<string, Reply>> => ({
  "GET /2015-03-31/event-source-mappings": json({ EventSourceMappings: [mapping()] }),
  [`GET /2015-03-31/event-source-mappings/${mapping().UUID}`]: json(mapping()),
  DescribeInstanceRefreshes: {
    ...{ kind: "answer", status: 200, headers: { "content-type": "text/xml" } },
    body: "<DescribeInstanceRefreshesResponse><DescribeInstanceRefreshesResult><InstanceRefreshes/></DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>",
  },
  ListServiceDeployments: json({ serviceDeployments: [] }),
  ListMessageMoveTasks: json({ Results: [{ Status: "RUNNING" }] }),
  "GET /applications/abcd123/environments/efgh456/deployments": json({
    Items: [
      {
        DeploymentNumber: 4,
        ConfigurationName: "flags",
        ConfigurationVersion: "9",
        State: "BAKING",
        StartedAt: "2026-01-05T10:00:00Z",
      },
      { DeploymentNumber: 3, ConfigurationName: "flags", ConfigurationVersion: "8", State: "COMPLETE" },
    ],
  }),
  "GET /applications/abcd123/environments/efgh456/deployments/4": json({ ConfigurationProfileId: "ijkl789" }),
});

const mapping = () => ({
  ...{ UUID: made.mapping.slice(made.mapping.lastIndexOf(":") + 1), State: "Enabled", BatchSize: 5 },
  ...{ FunctionArn: made.alias, EventSourceArn: made.queue },
});

const settings = () =>
  settingsOf(
    { account: ACCOUNT, region: REGION },
    {
      web: { resources: [made.distribution, made.service, FLAGS], dependsOn: ["orders", "main", "hot", "payments"] },
      orders: { resources: [made.queue, made.stage, made.alias], dependsOn: ["baskets"] },
      main: { resources: [made.database] },
      baskets: { resources: [made.table] },
      hot: { resources: [made.cache] },
      payments: { resources: [DESTINATION] },
    },
  );

const graph = async (
  context: TestContext,
  recorded: readonly Change[] = [],
): Promise<ReadonlyMap<string, Resource>> => {
  const front = await openLoopback(
    context,
    (sent) => missing()[operationOf(sent)] ?? { kind: "pass", to: moto.endpoint },
  );
  const read = liveResources(planesAt(clientFor(front.url)), settings(), { recorded: async () => recorded });
  const resources = await read([made.service]);
  return new Map(resources.map((resource) => [resource.arn, resource]));
};

const moved = (target: string, atMs: number, from: string | null, to: string): Change => ({
  ...{ id: `${target}@${atMs}`, kind: "deployment", atMs, target, ref: "", from, to, author: "amara", title: "" },
});

test("one named resource brings its service, all that depend on it, and what control planes name besides", async (context) => {
  const all = await graph(context);

  const names = Object.entries(made).filter(([name]) => !["balancer", "function"].includes(name));
  assert.deepEqual([...all.keys()].toSorted(), [...names.map(([, arn]) => arn), FLAGS, DESTINATION].toSorted());
});

test("edges are those of control planes inside of a service, and those of the settings between services", async (context) => {
  const all = await graph(context);

  const to = (arn: string): readonly string[] => (all.get(arn)?.dependsOn ?? []).toSorted();
  assert.deepEqual(to(made.distribution), [made.targetGroup]);
  assert.deepEqual(to(made.targetGroup), [made.service]);
  assert.deepEqual(
    to(made.service),
    [made.cluster, FLAGS, made.queue, made.stage, made.database, made.cache, DESTINATION].toSorted(),
  );
  assert.deepEqual(to(made.cluster), [made.instances]);
  assert.deepEqual(to(made.queue), [made.dead, made.mapping].toSorted());
  assert.deepEqual(to(made.mapping), [made.alias]);
  assert.deepEqual(to(made.stage), [made.alias]);
  assert.deepEqual(to(made.alias), [made.table]);
  assert.deepEqual(to(made.database), [made.copy]);
  assert.deepEqual(to(made.copy), [made.database]);
});

test("every resource has the attributes that its kind declares, but for the optional ones, and no others", async (context) => {
  const all = await graph(context);

  for (const { arn, type, attributes } of all.values()) {
    const kind = await RESOURCE_KINDS.find((one) => one.type === type)?.load();
    const given = Object.keys(attributes).filter((name) => !name.startsWith(REGION));
    const required = kind?.attributes.filter((name) => !kind.optional.includes(name)) ?? [];
    assert.deepEqual(
      given.filter((name) => kind?.attributes.includes(name) !== true),
      [],
      arn,
    );
    assert.deepEqual(
      required.filter((name) => !given.includes(name)),
      [],
      arn,
    );
  }
});

test("an ECS service shows its counts, its root is the cluster, and its group of instances is known as the cluster's", async (context) => {
  const all = await graph(context);

  const { attributes, root, name, service, tags } = all.get(made.service) ?? assert.fail();
  assert.deepEqual([name, service, root, tags], ["web", "web", made.cluster, { team: "shop" }]);
  assert.deepEqual([attributes.desiredCount, attributes.deploymentInProgress], [3, true]);
  assert.equal(attributes.taskDefinition, `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/web:1`);
  const instances = all.get(made.instances) ?? assert.fail();
  assert.deepEqual(
    [instances.service, instances.zones, instances.attributes.ecsCluster, instances.attributes.inServiceInstances],
    ["web", 2, made.cluster, 2],
  );
  assert.equal(all.get(made.cluster)?.attributes.autoScalingGroup, "shop-instances");
});

test("what ran before is what was told when it changed, and nothing where nobody was told", async (context) => {
  const untold = await graph(context);

  const told = await graph(context, [
    moved(made.service, 1000, null, "web:0"),
    moved(made.service, 2000, null, `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/web:1`),
    moved(made.alias, 3000, "6", "1"),
  ]);

  assert.equal(untold.get(made.service)?.attributes.previousTaskDefinition, null);
  assert.equal(untold.get(made.alias)?.attributes.previousFunctionVersion, null);
  const { previousTaskDefinition, deployedAtMs } = told.get(made.service)?.attributes ?? {};
  assert.deepEqual([previousTaskDefinition, deployedAtMs], ["web:0", 2000]);
  const alias = told.get(made.alias)?.attributes ?? {};
  assert.deepEqual([alias.previousFunctionVersion, alias.functionVersion, alias.updatedAtMs], ["6", "1", 3000]);
  assert.deepEqual([alias.reservedConcurrentExecutions, alias.timeout, alias.additionalVersion], [20, 30, null]);
});

test("stores, queues, doors and settings show what the simulated world shows of them", async (context) => {
  const all = await graph(context);

  const of = (arn: string): Resource["attributes"] => all.get(arn)?.attributes ?? assert.fail(arn);
  assert.deepEqual(of(made.table), {
    ...{ tableStatus: "ACTIVE", billingMode: "PROVISIONED", readCapacityUnits: 40, writeCapacityUnits: 20 },
  });
  assert.deepEqual(of(made.database), {
    ...{ status: "available", engine: "postgres", isReplica: false, multiAz: true, allocatedStorage: 100 },
  });
  assert.deepEqual([of(made.copy).isReplica, all.get(made.copy)?.root], [true, made.database]);
  assert.deepEqual([of(made.queue).visibilityTimeout, of(made.queue).approximateNumberOfMessages], [180, 1]);
  assert.deepEqual([of(made.queue).deadLetterTargetArn, of(made.queue).maxReceiveCount], [made.dead, 5]);
  assert.deepEqual([of(made.dead).deadLetterSourceQueue, of(made.dead).messageMoveTaskRunning], [made.queue, true]);
  assert.deepEqual([of(made.stage).stageName, all.get(made.stage)?.name], ["prod", "orders-api"]);
  assert.equal(of(made.distribution).inProgressInvalidationBatches, 0);
  assert.deepEqual([of(made.targetGroup).awayFrom, all.get(made.targetGroup)?.zones], [null, 3]);
  assert.match(String(of(made.targetGroup).loadBalancer), /^app\/shop-web\/[0-9a-z]+$/);
  assert.deepEqual(
    [of(FLAGS).configurationVersion, of(FLAGS).previousConfigurationVersion, of(FLAGS).deploymentInProgress],
    ["9", "8", true],
  );
  assert.deepEqual([of(FLAGS).configurationProfileId, of(FLAGS).deploymentNumber], ["ijkl789", 4]);
});

test("what does not exist, is of another account or Region, or is of no kind stands in no graph", async (context) => {
  const front = await openLoopback(
    context,
    (sent) => missing()[operationOf(sent)] ?? { kind: "pass", to: moto.endpoint },
  );
  const strangers = [
    made.table.replace("baskets", "gone"),
    made.database.replace("main", "gone"),
    made.alias.replace("live", "gone"),
    made.queue.replace("orders", "gone"),
    made.cache.replace("hot", "gone"),
    made.service.replace("web", "gone"),
    made.service.replace("shop-prod", "gone"),
    made.targetGroup.replace(/[0-9a-z]{16}$/, "0000000000000000"),
    made.queue.replace(ACCOUNT, "999999999999"),
    made.database.replace(REGION, "us-east-1"),
    "arn:aws:s3:::shop-files",
  ];
  const all = settingsOf({ account: ACCOUNT, region: REGION }, { web: { resources: [made.table, ...strangers] } });

  const resources = await liveResources(planesAt(clientFor(front.url)), all)([made.table]);

  assert.deepEqual(
    resources.map(({ arn }) => arn),
    [made.table],
  );
  const asked = front.sent.map(({ body, path }) => body.toString("utf8") + path).join("\n");
  assert.doesNotMatch(asked, /999999999999/);
});
