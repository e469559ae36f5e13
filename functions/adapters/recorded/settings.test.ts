import assert from "node:assert/strict";
import { it } from "node:test";
import { settingsSchema } from "../../core/settings.ts";
import { compositeAlarmEvent, metricAlarmEvent } from "../aws/alarm-events.fixture.ts";
import { resourceBehind } from "./namespaces.ts";
import { BALANCER, metricRow, recordingOf, SERVICE } from "./recording.fixture.ts";
import { settingsForRecording } from "./settings.ts";

const settingsOf = (files: Parameters<typeof recordingOf>[0] = {}) =>
  settingsSchema.parse(settingsForRecording(recordingOf(files), "observe"));

const alarmOn = (namespace: string, dimensions: Readonly<Record<string, string>>): string =>
  JSON.stringify(
    metricAlarmEvent({
      configuration: {
        metrics: [
          { id: "m1", metricStat: { metric: { namespace, name: "Some", dimensions }, period: 60, stat: "Sum" } },
        ],
      },
    }),
  );

it("a recording becomes one service with the alarm's resources, its SLIs and its log groups", () => {
  const settings = settingsOf();

  assert.equal(settings.mode, "observe");
  assert.deepEqual(settings.alarms, { "checkout / 5xx too high": "checkout" });
  const [service] = settings.services;
  assert.equal(service?.name, "checkout");
  assert.deepEqual(service?.resources, [BALANCER, SERVICE]);
  assert.deepEqual(service?.logGroups, ["/ecs/checkout"]);
  assert.deepEqual(
    service?.slis.map(({ name, role, bad, limit }) => ({ name, role, bad, limit })),
    [
      { name: "HTTPCode_Target_5XX_Count Sum", role: "errors", bad: "above", limit: 5 },
      { name: "RequestCount Sum", role: "traffic", bad: "below", limit: 50 },
      { name: "TargetResponseTime Sum", role: "latency", bad: "above", limit: 0.1 * 1.5 },
    ],
  );
});

it("what depends on the alarm's resource is the service's own too", () => {
  const files = { "alarm.json": alarmOn("AWS/ECS", { ClusterName: "main", ServiceName: "checkout" }) };

  const settings = settingsOf(files);

  assert.deepEqual(settings.services[0]?.resources, [BALANCER, SERVICE]);
});

it("what happened after the alarm changes no setting", () => {
  const calm = [0, 0, 1, 12];
  const rows = (after: number) =>
    JSON.stringify([
      metricRow("HTTPCode_Target_5XX_Count", 0, [...calm, after, after]),
      metricRow("RequestCount", 0, [...calm, after, after]),
    ]);

  const [quiet, loud] = [settingsOf({ "metrics.json": rows(0) }), settingsOf({ "metrics.json": rows(1e9) })];

  assert.deepEqual(quiet, loud);
});

for (const [what, files] of [
  ["no metrics", { "metrics.json": null }],
  ["the alarm's metric alone", { "metrics.json": JSON.stringify([metricRow("HTTPCode_Target_5XX_Count", 0, [1])]) }],
  ["a composite alarm", { "alarm.json": JSON.stringify(compositeAlarmEvent({ value: "ALARM" })) }],
  [
    "a composite alarm and nothing else",
    { "alarm.json": JSON.stringify(compositeAlarmEvent({})), "metrics.json": null },
  ],
  ["a namespace of the user's own", { "alarm.json": alarmOn("Shop", { Till: "4" }) }],
  ["a metric without dimensions", { "alarm.json": alarmOn("Shop", {}), "resources.json": null }],
] as const) {
  it(`a recording with ${what} still names two SLIs, one of them traffic`, () => {
    const settings = settingsOf(files);

    const slis = settings.services[0]?.slis ?? [];
    assert.ok(slis.length >= 2);
    assert.equal(slis[1]?.role, "traffic");
    assert.equal(new Set(slis.map(({ name }) => name)).size, slis.length);
  });
}

it("logs that were not recorded are asked for, so that they are said to be missing; none is asked of an empty file", () => {
  const [missing, empty] = [settingsOf({ "logs.jsonl": null }), settingsOf({ "logs.jsonl": "" })];

  assert.equal(missing.services[0]?.logGroups.length, 1);
  assert.deepEqual(empty.services[0]?.logGroups, []);
});

it("without recorded resources the alarm's dimensions name the service and its resource", () => {
  const files = { "alarm.json": alarmOn("AWS/RDS", { DBInstanceIdentifier: "orders" }), "resources.json": null };

  const settings = settingsOf(files);

  assert.equal(settings.services[0]?.name, "orders");
  assert.deepEqual(settings.services[0]?.resources, ["arn:aws:rds:eu-west-1:123456789012:db:orders"]);
});

for (const [namespace, dimensions, arn] of [
  ["AWS/RDS", { DBInstanceIdentifier: "a" }, "arn:aws:rds:eu-west-1:1:db:a"],
  ["AWS/RDS", { DBClusterIdentifier: "a" }, "arn:aws:rds:eu-west-1:1:cluster:a"],
  ["AWS/ECS", { ClusterName: "c", ServiceName: "s" }, "arn:aws:ecs:eu-west-1:1:service/c/s"],
  ["AWS/Lambda", { FunctionName: "f" }, "arn:aws:lambda:eu-west-1:1:function:f"],
  ["AWS/Lambda", { FunctionName: "f", Resource: "f:live" }, "arn:aws:lambda:eu-west-1:1:function:f:live"],
  ["AWS/SQS", { QueueName: "q" }, "arn:aws:sqs:eu-west-1:1:q"],
  [
    "AWS/ApplicationELB",
    { LoadBalancer: "app/l/1", TargetGroup: "targetgroup/t/2" },
    "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/2",
  ],
  ["AWS/ELB", { LoadBalancerName: "l" }, "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/l"],
  ["ContainerInsights", { ClusterName: "c", Namespace: "n" }, "arn:aws:eks:eu-west-1:1:cluster/c"],
  ["ContainerInsights", { Namespace: "n" }, undefined],
  ["AWS/EC2", { InstanceId: "i-1" }, "arn:aws:ec2:eu-west-1:1:instance/i-1"],
  ["AWS/DynamoDB", { TableName: "t" }, "arn:aws:dynamodb:eu-west-1:1:table/t"],
  ["AWS/RDS", {}, undefined],
  ["Shop", { QueueName: "q" }, undefined],
] as const) {
  it(`${namespace} with ${JSON.stringify(dimensions)} names ${arn ?? "no resource"}`, () => {
    const metric = { namespace, metricName: "any", dimensions, stat: "Sum", periodSeconds: 60 };

    const resource = resourceBehind(metric, { account: "1", region: "eu-west-1" });

    assert.equal(resource?.arn, arn);
  });
}

it("the partition of an ARN is the Region's", () => {
  const metric = {
    namespace: "AWS/SQS",
    metricName: "any",
    dimensions: { QueueName: "q" },
    stat: "Sum",
    periodSeconds: 60,
  };

  const arns = ["cn-north-1", "us-gov-west-1"].map((region) => resourceBehind(metric, { account: "1", region })?.arn);

  assert.deepEqual(arns, ["arn:aws-cn:sqs:cn-north-1:1:q", "arn:aws-us-gov:sqs:us-gov-west-1:1:q"]);
});
