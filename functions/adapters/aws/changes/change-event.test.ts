import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import type { Change } from "../../../core/evidence.ts";
import type { Json } from "../../../core/json.ts";
import { changed, pathsOf } from "../damage.fixture.ts";
import { parseChangeEvent } from "./change-event.ts";
import { AMARA, at, call, ecsStarted, event, PLACE, SERVICE, TIME, updateService } from "./change-events.fixture.ts";
import type { EventPattern } from "./change-source.ts";
import { CHANGE_EVENT_PATTERNS } from "./event-patterns.ts";

type Event = Readonly<Record<string, unknown>>;
type Case = Readonly<{ event: Event; change: Partial<Change> }>;

const GROUP = "autoScalingGroup:8a1b:autoScalingGroupName/web";
const FLAGS = "application/abcd123/environment/efgh456";
const named = (Id: string) => ({ Id, Name: "flags" });
const DEPLOYED = {
  Application: named("abcd123"),
  Environment: named("efgh456"),
  ConfigurationProfile: named("ijkl789"),
};

/** One of each kind that tells of a change, with what it tells. */
const CASES: Readonly<Record<string, Case>> = {
  "ECS began a deployment": {
    event: ecsStarted(),
    change: { id: "ecs-svc/8", kind: "deployment", target: SERVICE, atMs: Date.parse("2026-01-05T09:59:00Z") },
  },
  "a service got another task definition": {
    event: updateService(),
    change: {
      ...{
        id: "ecs-svc/8",
        kind: "deployment",
        target: SERVICE,
        author: "deployer/amara",
        title: "UpdateService: task definition web:8",
      },
      ...{ from: at("ecs", "task-definition/web:7"), to: at("ecs", "task-definition/web:8") },
    },
  },
  "a person changed the number of tasks": {
    event: call("ecs", "UpdateService", { cluster: at("ecs", "cluster/shop-prod"), service: "web", desiredCount: 12 }),
    change: { id: "9a1b-call", kind: "config", target: SERVICE, to: null, title: "UpdateService: desiredCount 12" },
  },
  "an instance refresh began": {
    event: event(
      "aws.autoscaling",
      "EC2 Auto Scaling Instance Refresh Started",
      { InstanceRefreshId: "c613620e", AutoScalingGroupName: "web" },
      [at("autoscaling", GROUP)],
    ),
    change: { id: "instance-refresh/c613620e", kind: "deployment", target: at("autoscaling", GROUP) },
  },
  "a person began an instance refresh": {
    event: call(
      "autoscaling",
      "StartInstanceRefresh",
      { autoScalingGroupName: "web" },
      { instanceRefreshId: "c613620e" },
    ),
    change: {
      id: "instance-refresh/c613620e",
      target: at("autoscaling", "autoScalingGroup::autoScalingGroupName/web"),
    },
  },
  "a group got another size": {
    event: call("autoscaling", "UpdateAutoScalingGroup", { autoScalingGroupName: "web", minSize: 2, maxSize: 9 }),
    change: { kind: "config", title: "UpdateAutoScalingGroup: minSize 2, maxSize 9" },
  },
  "an alias moved": {
    event: call(
      "lambda",
      "UpdateAlias20150331",
      { functionName: "orders", name: "live", functionVersion: "8" },
      { functionVersion: "8", aliasArn: at("lambda", "function:orders:live") },
    ),
    change: {
      kind: "deployment",
      target: at("lambda", "function:orders:live"),
      to: "8",
      title: "UpdateAlias: version 8",
    },
  },
  "an alias gave a share to another version": {
    event: call(
      "lambda",
      "UpdateAlias20150331",
      { functionName: at("lambda", "function:orders"), name: "live" },
      { functionVersion: "8", routingConfig: { additionalVersionWeights: { 9: 0.1 } } },
    ),
    change: {
      target: at("lambda", "function:orders:live"),
      to: "8",
      title: "UpdateAlias: version 8, version 9 gets 0.1",
    },
  },
  "a version was published": {
    event: call("lambda", "PublishVersion20150331", { functionName: "orders" }, { version: "9" }),
    change: { kind: "deployment", target: at("lambda", "function:orders"), to: "9" },
  },
  "a function got new code": {
    event: call(
      "lambda",
      "UpdateFunctionCode20150331v2",
      { functionName: "111122223333:function:orders", publish: false },
      { version: "$LATEST" },
    ),
    change: { kind: "deployment", target: at("lambda", "function:orders") },
  },
  "a function got concurrency": {
    event: call("lambda", "PutFunctionConcurrency20171031", {
      functionName: "orders",
      reservedConcurrentExecutions: 5,
    }),
    change: {
      kind: "config",
      target: at("lambda", "function:orders"),
      title: "PutFunctionConcurrency: reservedConcurrentExecutions 5",
    },
  },
  "a mapping was switched off": {
    event: call("lambda", "UpdateEventSourceMapping20150331", { uuid: "1-2", enabled: false }),
    change: { target: at("lambda", "event-source-mapping:1-2"), title: "UpdateEventSourceMapping: enabled false" },
  },
  "a database was modified": {
    event: call("rds", "ModifyDBInstance", {
      dBInstanceIdentifier: "main",
      allocatedStorage: 200,
      masterUserPassword: "****",
    }),
    change: { target: at("rds", "db:main"), title: "ModifyDBInstance: allocatedStorage 200" },
  },
  "RDS changed a database": {
    event: event("aws.rds", "RDS DB Instance Event", {
      ...{ EventCategories: ["failover"], SourceType: "DB_INSTANCE", SourceArn: at("rds", "db:main") },
      ...{ Date: "2026-01-05T09:57:00.000Z", Message: "A Multi-AZ failover has completed.", EventID: "RDS-EVENT-0049" },
    }),
    change: {
      kind: "config",
      target: at("rds", "db:main"),
      author: "rds",
      ref: "RDS-EVENT-0049",
      atMs: Date.parse("2026-01-05T09:57:00Z"),
    },
  },
  "a table was changed": {
    event: call("dynamodb", "UpdateTable", { tableName: "baskets", provisionedThroughput: { readCapacityUnits: 5 } }),
    change: { target: at("dynamodb", "table/baskets"), title: "UpdateTable" },
  },
  "a cache got a replica": {
    event: call("elasticache", "IncreaseReplicaCount", { replicationGroupId: "hot", newReplicaCount: 2 }),
    change: { target: at("elasticache", "replicationgroup:hot"), title: "IncreaseReplicaCount: newReplicaCount 2" },
  },
  "a queue got other attributes": {
    event: call("sqs", "SetQueueAttributes", {
      queueUrl: `https://sqs.eu-west-1.amazonaws.com/${PLACE.account}/orders`,
    }),
    change: { target: at("sqs", "orders") },
  },
  "a target group got other attributes": {
    event: call("elasticloadbalancing", "ModifyTargetGroup", {
      targetGroupArn: at("elasticloadbalancing", "targetgroup/web/1"),
    }),
    change: { target: at("elasticloadbalancing", "targetgroup/web/1") },
  },
  "an API was deployed": {
    event: call(
      "apigateway",
      "CreateDeployment",
      { restApiId: "abc", createDeploymentInput: { stageName: "prod" } },
      { id: "d7" },
    ),
    change: { kind: "deployment", target: "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod", to: "d7" },
  },
  "a configuration was deployed": {
    event: call(
      "appconfig",
      "StartDeployment",
      { ApplicationId: "abcd123", EnvironmentId: "efgh456", ConfigurationVersion: "9" },
      { deploymentNumber: 4 },
    ),
    change: { id: "appconfig/abcd123/efgh456/4", kind: "config", target: at("appconfig", FLAGS), to: "9" },
  },
  "AppConfig began a deployment": {
    event: event("aws.appconfig", "On Deployment Start", {
      Type: "OnDeploymentStart",
      ...DEPLOYED,
      DeploymentNumber: 4,
      ConfigurationVersion: "9",
    }),
    change: { id: "appconfig/abcd123/efgh456/4", kind: "config", target: at("appconfig", FLAGS), to: "9" },
  },
  "AppConfig rolled a deployment back": {
    event: event("aws.appconfig", "On Deployment Rollback", {
      Type: "OnDeploymentRollback",
      ...DEPLOYED,
      DeploymentNumber: 4,
      ConfigurationVersion: "9",
    }),
    change: { id: "appconfig/abcd123/efgh456/4/rollback", to: null },
  },
  "CodeDeploy began": {
    event: event(
      "aws.codedeploy",
      "CodeDeploy Deployment State-change Notification",
      { deploymentId: "d-1", state: "START", application: "shop", deploymentGroup: "web" },
      [at("codedeploy", "application:shop"), at("codedeploy", "deploymentgroup:shop/web")],
    ),
    change: { id: "d-1", target: at("codedeploy", "deploymentgroup:shop/web") },
  },
  "a pipeline began": {
    event: event(
      "aws.codepipeline",
      "CodePipeline Pipeline Execution State Change",
      { pipeline: "shop", state: "STARTED", "execution-id": "0123", version: 1 },
      [at("codepipeline", "shop")],
    ),
    change: { id: "0123", kind: "deployment", target: at("codepipeline", "shop"), title: "Pipeline shop" },
  },
  "a stack began to change": {
    event: event("aws.cloudformation", "CloudFormation Stack Status Change", {
      ...{
        "stack-id": at("cloudformation", "stack/shop/1"),
        "status-details": { status: "UPDATE_IN_PROGRESS", "status-reason": "" },
      },
    }),
    change: { kind: "deployment", target: at("cloudformation", "stack/shop/1"), title: "Stack UPDATE_IN_PROGRESS" },
  },
  "a parameter was written": {
    event: event("aws.ssm", "Parameter Store Change", { operation: "Update", name: "limits", type: "String" }, [
      at("ssm", "parameter/limits"),
    ]),
    change: { kind: "config", target: at("ssm", "parameter/limits"), title: "Update parameter limits" },
  },
};

const changesIn = (raw: unknown): readonly Change[] => {
  const parsed = parseChangeEvent(raw, PLACE);
  return parsed.kind === "changes" ? parsed.changes : assert.fail(parsed.because);
};
const whyIgnored = (raw: unknown): string => {
  const parsed = parseChangeEvent(raw, PLACE);
  return parsed.kind === "ignored" ? parsed.because : assert.fail(JSON.stringify(parsed));
};

/** EventBridge's own matching, as far as these patterns use it: every field named, any of its values. */
const matches = (pattern: EventPattern, raw: Event): boolean => {
  const holds = (wanted: readonly (string | Readonly<{ prefix: string }>)[], value: unknown): boolean =>
    (Array.isArray(value) ? value : [value]).some((one) =>
      wanted.some((each) => (typeof each === "string" ? one === each : String(one).startsWith(each.prefix))),
    );
  const detail = raw.detail as Event;
  return (
    holds(pattern.source, raw.source) &&
    holds(pattern["detail-type"], raw["detail-type"]) &&
    Object.entries(pattern.detail ?? {}).every(([name, wanted]) => holds(wanted, detail[name]))
  );
};

for (const [name, { event: raw, change }] of Object.entries(CASES))
  test(`${name}: the change is told, and one pattern has EventBridge deliver the event`, () => {
    const changes = changesIn(raw);

    const patterns = CHANGE_EVENT_PATTERNS.filter((pattern) => matches(pattern, raw));
    assert.equal(changes.length, 1);
    assert.deepEqual({ ...changes[0], ...change }, changes[0]);
    assert.equal(patterns.length, 1);
  });

test("no pattern asks for an event whose source is not AWS's own, which anybody may send", () => {
  const sources = CHANGE_EVENT_PATTERNS.flatMap(({ source }) => source);

  assert.deepEqual(
    sources.filter((source) => !source.startsWith("aws.")),
    [],
  );
});

test("a call and ECS's own event of one deployment, or of one refresh, have one id", () => {
  const idOf = (name: string): string | undefined => changesIn(CASES[name]?.event)[0]?.id;

  assert.equal(idOf("a service got another task definition"), idOf("ECS began a deployment"));
  assert.equal(idOf("a person began an instance refresh"), idOf("an instance refresh began"));
  assert.equal(idOf("a configuration was deployed"), idOf("AppConfig began a deployment"));
});

test("an event of another account or Region is refused, and so is one that names what lies there", () => {
  const elsewhere = [
    { ...ecsStarted(), account: "999999999999" },
    { ...ecsStarted(), region: "us-east-1" },
  ];
  const inside = [
    { ...ecsStarted(), resources: [SERVICE.replace(PLACE.account, "999999999999")] },
    updateService({ recipientAccountId: "999999999999" }),
    updateService({ awsRegion: "us-east-1" }),
    call("rds", "ModifyDBInstance", { dBInstanceIdentifier: "arn:aws:rds:eu-west-1:999999999999:db:main" }),
  ];

  assert.deepEqual(
    elsewhere.map(whyIgnored).map((because) => because.replace(/, this stack.*/, "")),
    ["it is of 999999999999/eu-west-1", "it is of 111122223333/us-east-1"],
  );
  for (const raw of inside) assert.match(whyIgnored(raw), /names nothing of this account and Region|was made in/);
});

test("a source that only looks like AWS's own is none", () => {
  assert.match(whyIgnored({ ...ecsStarted(), source: "my.ecs" }), /my\.ecs tells of no change/);
});

test("calls that failed, that only read, and AWS's own scaling change nothing", () => {
  const scaling = { cluster: "shop-prod", service: "web", desiredCount: 12 };
  const aws = { type: "AWSService", invokedBy: "ecs.application-autoscaling.amazonaws.com" };
  const role = {
    type: "AssumedRole",
    arn: `arn:aws:sts::${PLACE.account}:assumed-role/AWSServiceRoleForApplicationAutoScaling_ECSService/x`,
  };

  assert.match(whyIgnored(updateService({ errorCode: "AccessDenied" })), /UpdateService failed: AccessDenied/);
  assert.match(whyIgnored(call("ecs", "DescribeServices", {})), /changes nothing that is looked for/);
  for (const userIdentity of [aws, role])
    assert.match(whyIgnored(call("ecs", "UpdateService", scaling, null, { userIdentity })), /AWS's own scaling/);
});

test("a runbook's role of this account makes Quell the author, and one of that name elsewhere does not", () => {
  const by = (account: string, role: string) => ({
    userIdentity: { ...AMARA, accountId: account, arn: `arn:aws:sts::${account}:assumed-role/${role}/execution-1` },
  });
  const author = (more: Event): string => changesIn(updateService(more))[0]?.author ?? "";

  assert.equal(author(by(PLACE.account, "quell-runbook-ecs-rollback")), "quell");
  assert.equal(author(by("999999999999", "quell-runbook-ecs-rollback")), "quell-runbook-ecs-rollback/execution-1");
  assert.equal(author(by(PLACE.account, "not-quell-runbook-x")), "not-quell-runbook-x/execution-1");
});

test("an author is a name without keys, whoever called", () => {
  const authors = [
    { type: "IAMUser", userName: "bo", accessKeyId: "AKIAEXAMPLE", accountId: PLACE.account },
    { type: "Root", arn: `arn:aws:iam::${PLACE.account}:root`, accessKeyId: "AKIAEXAMPLE" },
    { type: "AWSService", invokedBy: "cloudformation.amazonaws.com" },
    { type: "AWSAccount", accountId: "444455556666", principalId: "AIDAEXAMPLE" },
    null,
    "somebody",
  ].map((userIdentity) => changesIn(updateService({ userIdentity }))[0]?.author);

  assert.deepEqual(authors, ["bo", "root", "cloudformation.amazonaws.com", "444455556666", "", ""]);
  assert.doesNotMatch(JSON.stringify(changesIn(updateService())), /ASIAEXAMPLE|AROAEXAMPLE/);
});

test("what ends a change whose start is known is no second one", () => {
  const endings = [
    ecsStarted({ eventName: "SERVICE_DEPLOYMENT_COMPLETED" }),
    event("aws.codedeploy", "CodeDeploy Deployment State-change Notification", {
      deploymentId: "d-1",
      state: "SUCCESS",
    }),
    event("aws.cloudformation", "CloudFormation Stack Status Change", {
      ...{ "stack-id": at("cloudformation", "stack/shop/1"), "status-details": { status: "UPDATE_COMPLETE" } },
    }),
  ];

  for (const ending of endings) assert.match(whyIgnored(ending), /ends a (change|deployment) whose start is/);
});

/** An event in which one part is something else, or missing. */
const damaged = (whole: Json) =>
  fc
    .tuple(fc.constantFrom(...pathsOf(whole)), fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(undefined)))
    .map(([path, change]) => changed(whole, path, change as Json | undefined));

test("whatever is damaged in an event, it is a change or is ignored with a reason, and never throws", () => {
  const events = Object.values(CASES).map((one): Json => JSON.parse(JSON.stringify(one.event)));
  fc.assert(
    fc.property(fc.constantFrom(...events).chain(damaged), (raw) => {
      const parsed = parseChangeEvent(raw, PLACE);

      assert.ok(parsed.kind === "changes" ? parsed.changes.length > 0 : parsed.because.length > 0);
    }),
    { numRuns: 3000 },
  );
});

/** Of the recorded files, those that tell of a change; all others are ignored. */
const TELLING = [
  ...["14-create-parameter", "15-update-parameter", "16-delete-parameter"],
  "codepipeline-execution-state-change",
];

const data = process.env.QUELL_TEST_DATA;
const FOLDERS = ["aws-lambda-go-related", "ssm-events-awsdocs"].map((name) => join("alarms", name));

describe("recorded events", () => {
  if (data === undefined) {
    const how = "set QUELL_TEST_DATA to the folder of recorded inputs";
    process.stdout.write(`recorded events of deployments are skipped: ${how}\n`);
    it("recorded events of deployments are read", { skip: how }, () => {});
    return;
  }
  for (const folder of FOLDERS)
    for (const file of readdirSync(join(data, folder)).filter((name) => name.endsWith(".json")))
      it(`${file} is read`, () => {
        const raw = JSON.parse(readFileSync(join(data, folder, file), "utf8"));

        const parsed = parseChangeEvent(raw, { account: raw.account, region: raw.region });

        const isTelling = TELLING.some((start) => file.startsWith(start));
        assert.equal(parsed.kind, isTelling ? "changes" : "ignored", JSON.stringify(parsed));
      });
});

test("the time of an event stands where its detail has none", () => {
  const [change] = changesIn(CASES["a parameter was written"]?.event);

  assert.equal(change?.atMs, Date.parse(TIME));
});
