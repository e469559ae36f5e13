import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Change, Resource } from "../../../core/evidence.ts";
import { clientFor, openLoopback, type Reply, refusal } from "../loopback.fixture.ts";
import { operationOf, planesAt, settingsOf } from "./account.fixture.ts";
import { type GraphSources, GraphUnreadable, liveResources } from "./live-resources.ts";

const PLACE = { account: "111122223333", region: "eu-west-1" };
const at = (service: string, rest: string): string => `arn:aws:${service}:${PLACE.region}:${PLACE.account}:${rest}`;
const SERVICE = at("ecs", "service/shop-prod/web");
const CLUSTER = at("ecs", "cluster/shop-prod");
const TABLE = at("dynamodb", "table/baskets");
const DATABASE = at("rds", "db:main");
const GROUP = at("autoscaling", "autoScalingGroup:8a1b:autoScalingGroupName/web");
const TARGETS = at("elasticloadbalancing", "targetgroup/web/1234567890123456");
const BALANCER = at("elasticloadbalancing", "loadbalancer/app/web/1");
const PROXY = at("rds", "db-proxy:prx-0123456789");
const seconds = (minute: number): number => Date.UTC(2026, 0, 5, 10, minute) / 1000;

const json = (body: unknown): Reply => ({ kind: "answer", status: 200, body: JSON.stringify(body) });
const xml = (operation: string, body: string): Reply => ({
  ...{ kind: "answer", status: 200, headers: { "content-type": "text/xml" } },
  body: `<${operation}Response><${operation}Result>${body}</${operation}Result></${operation}Response>`,
});

const ecsService = (of: Readonly<Record<string, unknown>> = {}): Reply =>
  json({
    services: [
      {
        ...{ serviceArn: SERVICE, serviceName: "web", clusterArn: CLUSTER, status: "ACTIVE" },
        ...{ desiredCount: 4, runningCount: 3, pendingCount: 1 },
        deployments: [
          {
            id: "ecs-svc/8",
            status: "PRIMARY",
            taskDefinition: "web:8",
            failedTasks: 2,
            rolloutState: "COMPLETED",
            createdAt: seconds(30),
          },
        ],
        ...of,
      },
    ],
  });

/** What a calm account answers; each test changes what it is about. */
const CALM: Readonly<Record<string, Reply>> = {
  DescribeServices: ecsService(),
  DescribeClusters: json({ clusters: [{ clusterArn: CLUSTER, clusterName: "shop-prod", status: "ACTIVE" }] }),
  ListServiceDeployments: json({ serviceDeployments: [] }),
  DescribeTable: json({
    Table: { TableStatus: "ACTIVE", ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 } },
  }),
  DescribeDBInstances: xml(
    "DescribeDBInstances",
    `<DBInstances><DBInstance><DBInstanceIdentifier>main</DBInstanceIdentifier><DBInstanceArn>${DATABASE}</DBInstanceArn>
     <DBInstanceStatus>available</DBInstanceStatus><Engine>postgres</Engine><MultiAZ>false</MultiAZ>
     <AllocatedStorage>100</AllocatedStorage><DBParameterGroups><DBParameterGroup>
     <DBParameterGroupName>own</DBParameterGroupName></DBParameterGroup></DBParameterGroups></DBInstance></DBInstances>`,
  ),
  DescribeDBParameters: xml("DescribeDBParameters", "<Parameters/>"),
};

const readIn = async (
  context: TestContext,
  named: readonly string[] | Parameters<typeof settingsOf>[1],
  answers: Readonly<Record<string, Reply>> = {},
  sources: GraphSources = {},
): Promise<ReadonlyMap<string, Resource>> => {
  const all = { ...CALM, ...answers };
  const loopback = await openLoopback(
    context,
    (sent) => all[operationOf(sent)] ?? refusal("query", 400, "NotScripted", operationOf(sent)),
  );
  const clientOf = planesAt(clientFor(loopback.url, 300));
  const services = "web" in named ? named : { web: { resources: named as readonly string[] } };
  const read = liveResources(clientOf, settingsOf(PLACE, services), sources);
  const resources = await read(Object.values(services).flatMap((one) => one.resources));
  return new Map(resources.map((one) => [one.arn, one]));
};

test("what the settings name and nobody can read is thrown, with every kind that failed and what to do", async (context) => {
  const answers = {
    DescribeServices: refusal("json-1.1", 400, "AccessDeniedException"),
    DescribeDBInstances: refusal("query", 400, "Throttling"),
  };

  const asked = readIn(context, [SERVICE, TABLE, DATABASE], answers);

  await assert.rejects(asked, (error: unknown) => {
    assert.ok(error instanceof GraphUnreadable);
    assert.match(error.message, /^the role may not call ecs:DescribeServices \(AccessDeniedException\)/);
    assert.match(error.message, /rds:DescribeDBInstances of .*db:main: throttled/);
    assert.match(error.message, /\(AWS::ECS::Service, AWS::RDS::DBInstance not read\)$/);
    return error.cause instanceof AggregateError && error.cause.errors.length === 2;
  });
});

test("a control plane that does not answer is given up, and the error says which", async (context) => {
  const asked = readIn(context, [TABLE], { DescribeTable: { kind: "silence" } });

  await assert.rejects(asked, /dynamodb:DescribeTable of .*baskets: no answer within/);
});

test("a service that is missing is left out, and one that ECS fails to describe for another reason is thrown", async (context) => {
  const failing = (reason: string) => json({ services: [], failures: [{ arn: SERVICE, reason }] });

  const missing = await readIn(context, [SERVICE, TABLE], { DescribeServices: failing("MISSING") });
  const broken = readIn(context, [SERVICE, TABLE], { DescribeServices: failing("ACCESS_DENIED") });

  assert.deepEqual([...missing.keys()], [TABLE]);
  await assert.rejects(broken, /ecs:DescribeServices on .*web: ACCESS_DENIED/);
});

test("what was only found on the way and cannot be read is left out and said, and no edge leads to it", async (context) => {
  const said: string[] = [];

  const all = await readIn(
    context,
    [SERVICE],
    { DescribeClusters: refusal("json-1.1", 400, "AccessDeniedException") },
    { say: (sentence) => said.push(sentence) },
  );

  assert.deepEqual([...all.keys()], [SERVICE]);
  assert.deepEqual(all.get(SERVICE)?.dependsOn, []);
  assert.match(said[0] ?? "", /^AWS::ECS::Cluster left out of the graph: the role may not call ecs:DescribeClusters/);
});

test("a log of changes that cannot be read is said; what ran before is then unknown, and the rest is as ever", async (context) => {
  const said: string[] = [];
  const recorded = async (): Promise<readonly Change[]> => {
    throw new Error("no ledger");
  };

  const all = await readIn(context, [SERVICE], {}, { recorded, say: (sentence) => said.push(sentence) });

  const { previousTaskDefinition, taskDefinition, failedTasks } = all.get(SERVICE)?.attributes ?? {};
  assert.deepEqual([previousTaskDefinition, taskDefinition, failedTasks], [null, "web:8", 2]);
  assert.match(said[0] ?? "", /no ledger/);
});

test("a rolling deployment is in progress and says itself what it replaces", async (context) => {
  const deployments = [
    {
      id: "ecs-svc/8",
      status: "PRIMARY",
      taskDefinition: "web:8",
      rolloutState: "IN_PROGRESS",
      createdAt: seconds(30),
    },
    { id: "ecs-svc/7", status: "ACTIVE", taskDefinition: "web:7", rolloutState: "COMPLETED", createdAt: seconds(0) },
  ];

  const all = await readIn(context, [SERVICE], { DescribeServices: ecsService({ deployments }) });

  const { previousTaskDefinition, deploymentInProgress, deployedAtMs } = all.get(SERVICE)?.attributes ?? {};
  assert.deepEqual([previousTaskDefinition, deploymentInProgress, deployedAtMs], ["web:7", true, seconds(30) * 1000]);
});

test("ECS's own history says what stood before and since when, past what was forced anew or never stood", async (context) => {
  const ran = (minute: number, revision: number, status = "SUCCESSFUL") => ({
    ...{ startedAt: seconds(minute), targetServiceRevisionArn: `revision/${revision}`, status },
  });
  const revisions = [8, 7, 6].map((one) => ({ serviceRevisionArn: `revision/${one}`, taskDefinition: `web:${one}` }));

  const all = await readIn(context, [SERVICE], {
    ListServiceDeployments: json({
      serviceDeployments: [ran(30, 8), ran(20, 8), ran(15, 7, "ROLLBACK_SUCCESSFUL"), ran(10, 6), ran(5, 7)],
    }),
    DescribeServiceRevisions: json({ serviceRevisions: revisions }),
  });

  const { previousTaskDefinition, deployedAtMs } = all.get(SERVICE)?.attributes ?? {};
  assert.deepEqual([previousTaskDefinition, deployedAtMs], ["web:6", seconds(20) * 1000]);
});

test("a service that another controller deploys shows its deployment and has no task definition to roll back", async (context) => {
  const taskSets = [{ status: "PRIMARY" }, { status: "ACTIVE", stabilityStatus: "STABILIZING" }];

  const all = await readIn(context, [SERVICE], { DescribeServices: ecsService({ deployments: [], taskSets }) });

  const attributes = all.get(SERVICE)?.attributes ?? {};
  assert.deepEqual([attributes.deploymentInProgress, "taskDefinition" in attributes], [true, false]);
});

const autoScaling = (refreshes: string, version = "7"): Readonly<Record<string, Reply>> => ({
  DescribeAutoScalingGroups: xml(
    "DescribeAutoScalingGroups",
    `<AutoScalingGroups><member><AutoScalingGroupName>web</AutoScalingGroupName><AutoScalingGroupARN>${GROUP}</AutoScalingGroupARN>
     <MinSize>1</MinSize><MaxSize>9</MaxSize><DesiredCapacity>3</DesiredCapacity><CreatedTime>2026-01-01T00:00:00Z</CreatedTime>
     <AvailabilityZones><member>eu-west-1a</member></AvailabilityZones>
     <LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>${version}</Version></LaunchTemplate>
     <Instances><member><InstanceId>i-1</InstanceId><LifecycleState>InService</LifecycleState></member>
     <member><InstanceId>i-2</InstanceId><LifecycleState>Pending</LifecycleState></member></Instances></member></AutoScalingGroups>`,
  ),
  DescribeInstanceRefreshes: xml("DescribeInstanceRefreshes", `<InstanceRefreshes>${refreshes}</InstanceRefreshes>`),
});
const refresh = (status: string, version: string | null, minute: number): string =>
  `<member><InstanceRefreshId>r-${minute}</InstanceRefreshId><Status>${status}</Status>
   <EndTime>2026-01-05T10:${String(minute).padStart(2, "0")}:00Z</EndTime>${
     version === null
       ? ""
       : `<DesiredConfiguration><LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>${version}</Version></LaunchTemplate></DesiredConfiguration>`
   }</member>`;

test("a group shows its instances in service, a refresh under way, and the versions that refreshes brought", async (context) => {
  const refreshes = refresh("InProgress", null, 50) + refresh("Successful", "7", 40) + refresh("Successful", "5", 20);

  const all = await readIn(context, [GROUP], autoScaling(refreshes));

  const { attributes, zones } = all.get(GROUP) ?? assert.fail();
  assert.deepEqual([zones, attributes.inServiceInstances, attributes.ecsCluster], [1, 1, null]);
  assert.deepEqual([attributes.deploymentInProgress, attributes.previousLaunchTemplateVersion], [true, "5"]);
  assert.equal(attributes.deployedAtMs, Date.parse("2026-01-05T10:40:00Z"));
});

test("whether a refresh is under way must be known: where it cannot be read, the group is not", async (context) => {
  const answers = { ...autoScaling(""), DescribeInstanceRefreshes: refusal("query", 403, "AccessDenied") };

  await assert.rejects(readIn(context, [GROUP], answers), /may not call autoscaling:DescribeInstanceRefreshes/);
});

/** A target group behind a load balancer in these zones, from which `away` is shifted. */
const balanced = (
  of: Readonly<{ letters?: string; type?: string; switchedOn?: string; away?: string }> = {},
): Readonly<Record<string, Reply>> => {
  const { letters = "cab", type = "application", switchedOn = "true", away } = of;
  const zones = [...letters].map((letter) => `<member><ZoneName>eu-west-1${letter}</ZoneName></member>`);
  return {
    DescribeTargetGroups: xml(
      "DescribeTargetGroups",
      `<TargetGroups><member><TargetGroupArn>${TARGETS}</TargetGroupArn><TargetGroupName>web</TargetGroupName>
       <LoadBalancerArns><member>${BALANCER}</member></LoadBalancerArns></member></TargetGroups>`,
    ),
    DescribeLoadBalancers: xml(
      "DescribeLoadBalancers",
      `<LoadBalancers><member><LoadBalancerArn>${BALANCER}</LoadBalancerArn><Type>${type}</Type>
       <AvailabilityZones>${zones.join("")}</AvailabilityZones></member></LoadBalancers>`,
    ),
    DescribeLoadBalancerAttributes: xml(
      "DescribeLoadBalancerAttributes",
      `<Attributes><member><Key>zonal_shift.config.enabled</Key><Value>${switchedOn}</Value></member></Attributes>`,
    ),
    DescribeTags: refusal("query", 403, "AccessDenied"),
    DescribeTargetHealth: xml(
      "DescribeTargetHealth",
      away === undefined
        ? "<TargetHealthDescriptions/>"
        : `<TargetHealthDescriptions><member><Target><Id>10.0.0.1</Id><AvailabilityZone>${away}</AvailabilityZone></Target>
           <AdministrativeOverride><State>zonal_shift_active</State></AdministrativeOverride></member></TargetHealthDescriptions>`,
    ),
  };
};
const IDS = { "eu-west-1a": "euw1-az1", "eu-west-1b": "euw1-az3", "eu-west-1c": "euw1-az2" };
const TOGETHER = { web: { resources: [TARGETS, BALANCER] } };
const NO_IDS = { "eu-west-1a": null, "eu-west-1b": null, "eu-west-1c": null };
const zonesOf = ({ attributes }: Resource): Resource["attributes"] =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => name.startsWith("eu-west-1")));

test("a load balancer that can be shifted shows its zones with their ids, and is the root of its target groups", async (context) => {
  const all = await readIn(context, [TARGETS, BALANCER], balanced(), { zoneIds: async () => IDS });

  const group = all.get(TARGETS) ?? assert.fail();
  assert.deepEqual([group.zones, group.tags, group.root], [3, {}, BALANCER]);
  assert.deepEqual([group.attributes.loadBalancer, group.attributes.awayFrom], ["app/web/1", null]);
  assert.deepEqual(zonesOf(group), IDS);
});

test("a zone that is shifted away is shown by its id where that is known", async (context) => {
  for (const [ids, shown] of [
    [IDS, "euw1-az3"],
    [{}, "eu-west-1b"],
  ] as const) {
    const answers = balanced({ away: "eu-west-1b" });

    const all = await readIn(context, [TARGETS, BALANCER], answers, { zoneIds: async () => ids });

    assert.equal(all.get(TARGETS)?.attributes.awayFrom, shown);
  }
});

const NOT_SHIFTABLE: readonly Readonly<{
  because: string;
  services?: Parameters<typeof settingsOf>[1];
  answers?: Readonly<Record<string, Reply>>;
  says?: RegExp;
}>[] = [
  { because: "its owner has not switched that on", answers: balanced({ switchedOn: "false" }) },
  { because: "no service names it, so that no runbook may touch it", services: { web: { resources: [TARGETS] } } },
  {
    because: "another service names it than its target group, with a mode and freezes of its own",
    services: { web: { resources: [TARGETS] }, edge: { resources: [BALANCER] } },
  },
  { because: "it counts no errors by zone", answers: balanced({ type: "network" }) },
  {
    because: "whether that is switched on cannot be read",
    answers: { ...balanced(), DescribeLoadBalancerAttributes: refusal("query", 403, "AccessDenied") },
    says: /^no zonal shift is proposed: the role may not call elasticloadbalancing:DescribeLoadBalancerAttributes /,
  },
];
for (const { because, services = TOGETHER, answers = balanced(), says } of NOT_SHIFTABLE)
  test(`a load balancer's zones have no ids, and nobody asks for them, where ${because}`, async (context) => {
    const said: string[] = [];
    const zoneIds = () => assert.fail("asked for");

    const all = await readIn(context, services, answers, { zoneIds, say: (sentence) => said.push(sentence) });

    assert.deepEqual(zonesOf(all.get(TARGETS) ?? assert.fail()), NO_IDS);
    assert.deepEqual([said.length, says?.test(said[0] ?? "") ?? true], [says === undefined ? 0 : 1, true]);
  });

test("a load balancer of two zones has no zone to spare", async (context) => {
  const all = await readIn(context, [TARGETS, BALANCER], balanced({ letters: "ab" }), { zoneIds: async () => IDS });

  assert.deepEqual(zonesOf(all.get(TARGETS) ?? assert.fail()), { "eu-west-1a": null, "eu-west-1b": null });
});

test("where zones' ids cannot be read the graph is whole without them, and it is said once what is missing", async (context) => {
  const said: string[] = [];
  const zoneIds = async () => {
    throw new Error("the role may not call ec2:DescribeAvailabilityZones");
  };

  const all = await readIn(context, [TARGETS, BALANCER, TABLE], balanced({ away: "eu-west-1b" }), {
    ...{ zoneIds, say: (sentence: string) => said.push(sentence) },
  });

  assert.deepEqual([...all.keys()].toSorted(), [TABLE, BALANCER, TARGETS].toSorted());
  assert.deepEqual(zonesOf(all.get(TARGETS) ?? assert.fail()), NO_IDS);
  assert.deepEqual(said, [
    "the ids of zones cannot be read, so no zonal shift is proposed: the role may not call ec2:DescribeAvailabilityZones",
  ]);
});

test("a database's maximum is what its owners set, and unknown where a formula of its memory holds", async (context) => {
  const set = (value: string): Reply =>
    xml(
      "DescribeDBParameters",
      `<Parameters><Parameter><ParameterName>max_connections</ParameterName><ParameterValue>${value}</ParameterValue></Parameter></Parameters>`,
    );
  const maximum = async (reply: Reply): Promise<unknown> =>
    (await readIn(context, [DATABASE], { DescribeDBParameters: reply })).get(DATABASE)?.attributes.maxConnections;

  assert.equal(await maximum(set("400")), 400);
  assert.equal(await maximum(set("LEAST({DBInstanceClassMemory/9531392},5000)")), undefined);
  assert.equal(await maximum(refusal("query", 403, "AccessDenied")), undefined);
});

test("a proxy shows its pool and leads to its database, and code of the service to the proxy alone", async (context) => {
  const all = await readIn(context, [SERVICE, PROXY, DATABASE], {
    DescribeDBProxies: xml(
      "DescribeDBProxies",
      `<DBProxies><member><DBProxyName>main-proxy</DBProxyName><DBProxyArn>${PROXY}</DBProxyArn><Status>available</Status></member></DBProxies>`,
    ),
    DescribeDBProxyTargetGroups: xml(
      "DescribeDBProxyTargetGroups",
      `<TargetGroups><member><DBProxyName>main-proxy</DBProxyName><TargetGroupName>default</TargetGroupName><IsDefault>true</IsDefault>
       <ConnectionPoolConfig><MaxConnectionsPercent>80</MaxConnectionsPercent><ConnectionBorrowTimeout>120</ConnectionBorrowTimeout></ConnectionPoolConfig></member></TargetGroups>`,
    ),
    DescribeDBProxyTargets: xml(
      "DescribeDBProxyTargets",
      "<Targets><member><RdsResourceId>main</RdsResourceId><Type>RDS_INSTANCE</Type></member></Targets>",
    ),
  });

  assert.deepEqual(all.get(PROXY)?.attributes, {
    ...{ status: "available", maxConnectionsPercent: 80, connectionBorrowTimeout: 120 },
  });
  assert.deepEqual([all.get(PROXY)?.name, all.get(PROXY)?.dependsOn], ["main-proxy", [DATABASE]]);
  assert.deepEqual(all.get(SERVICE)?.dependsOn, [CLUSTER, PROXY]);
});

test("numbers are read anew on every call", async (context) => {
  let running = 3;
  const loopback = await openLoopback(context, (sent) =>
    operationOf(sent) === "DescribeServices"
      ? ecsService({ runningCount: running })
      : (CALM[operationOf(sent)] ?? json({})),
  );
  const read = liveResources(planesAt(clientFor(loopback.url)), settingsOf(PLACE, { web: { resources: [SERVICE] } }));
  await read([SERVICE]);

  running = 1;
  const again = await read([SERVICE]);

  assert.equal(again.find(({ arn }) => arn === SERVICE)?.attributes.runningCount, 1);
});
