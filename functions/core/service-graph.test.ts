import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { alarmWith, type ERRORS, LATENCY, service, settingsWith } from "./example.fixture.ts";
import { joinableServices, relatedServices, serviceOf } from "./service-graph.ts";
import type { Settings } from "./settings.ts";

const NAMES = ["a", "b", "c", "d", "e"] as const;

/** Five services that call each other in any way, cycles and strangers included. */
const graph: fc.Arbitrary<Settings> = fc
  .tuple(...NAMES.map(() => fc.uniqueArray(fc.constantFrom(...NAMES, "gone"))))
  .map((calls) =>
    settingsWith({ services: NAMES.map((name, i) => ({ ...service, name, dependsOn: [...(calls[i] ?? [])] })) }),
  );

/** Everything that a service reaches, by the book: one step after the other until nothing is added. */
const slowReach = (settings: Settings, from: string): ReadonlySet<string> => {
  let reached = new Set([from]);
  for (let round = 0; round < 10; round += 1) {
    const next = settings.services.filter(({ name }) => reached.has(name)).flatMap(({ dependsOn }) => dependsOn);
    reached = new Set([...reached, ...next]);
  }
  return reached;
};

test("two services are related exactly when they reach something in common, whatever the cycles", () => {
  fc.assert(
    fc.property(graph, fc.constantFrom(...NAMES), (settings, name) => {
      const related = relatedServices(settings, name);

      const mine = slowReach(settings, name);
      const expected = NAMES.filter((other) => [...slowReach(settings, other)].some((one) => mine.has(one)));
      assert.deepEqual(related, expected);
      assert.ok(related.includes(name));
    }),
  );
});

test("being related is mutual", () => {
  fc.assert(
    fc.property(graph, fc.constantFrom(...NAMES), fc.constantFrom(...NAMES), (settings, one, other) => {
      const both = [relatedServices(settings, one).includes(other), relatedServices(settings, other).includes(one)];

      assert.equal(both[0], both[1]);
    }),
  );
});

const speaksOf = (name: string, loadBalancer: string, resources: readonly string[] = []) => {
  const metric = (ref: typeof ERRORS) => ({ ...ref, dimensions: { LoadBalancer: loadBalancer } });
  const slis = service.slis.map((sli) => ({ ...sli, metric: metric(sli.metric) }));
  return { ...service, name, slis, resources: [...resources] };
};
const settings = settingsWith({
  services: [
    speaksOf("api", "app/api/1"),
    speaksOf("jobs", "app/jobs/1", ["arn:aws:sqs:eu-west-1:123456789012:work", "arn:aws:ecs:r:1:service/main/worker"]),
  ],
  alarms: { "named-for-jobs": "jobs", "named-for-nobody": "gone" },
});
const metricOn = (dimensions: Readonly<Record<string, string>>) => [{ ...LATENCY, dimensions }];

const CASES: readonly (readonly [string, Partial<Parameters<typeof alarmWith>[0]>, string | null])[] = [
  ["its name is mapped, even if its metric is another's", { alarmName: "named-for-jobs" }, "jobs"],
  ["its name is mapped to nobody, and its metric is an SLI's", { alarmName: "named-for-nobody" }, "api"],
  ["its metric has an SLI's dimension", { metrics: metricOn({ LoadBalancer: "app/jobs/1" }) }, "jobs"],
  ["its metric names a queue of the service", { metrics: metricOn({ QueueName: "work" }) }, "jobs"],
  ["its metric names an ECS service of the service", { metrics: metricOn({ ServiceName: "worker" }) }, "jobs"],
  [
    "its own time series does, whatever the alarm's metrics say",
    { attributes: { QueueName: "work" }, metrics: metricOn({ LoadBalancer: "app/api/1" }) },
    "jobs",
  ],
  ["its own time series is of nobody, and its metric is an SLI's", { attributes: { QueueName: "other" } }, "api"],
  ["nothing speaks of it", { metrics: metricOn({ QueueName: "other" }) }, null],
  ["it has no metric", { metrics: [] }, null],
];

for (const [name, alarm, expected] of CASES)
  test(`an alarm speaks of ${expected ?? "no service"} when ${name}`, () => {
    const found = serviceOf(settings, alarmWith({ alarmName: "other", ...alarm }));

    assert.equal(found?.name ?? null, expected);
  });

/** Two ECS services of one cluster, one of the same name in another, and the cluster's own service. */
const ecs = (cluster: string, name: string) => `arn:aws:ecs:eu-west-1:123456789012:service/${cluster}/${name}`;
const sliOn = (name: string, dimensions: Readonly<Record<string, string>>, resources: readonly string[]) => ({
  ...{ ...service, name, resources: [...resources] },
  slis: service.slis.map((sli) => ({
    ...sli,
    metric: { ...sli.metric, dimensions: { ...dimensions } },
    per: undefined,
  })),
});
const shared = settingsWith({
  alarms: {},
  services: [
    sliOn("aaa", { ClusterName: "prod", ServiceName: "aaa" }, [ecs("prod", "aaa")]),
    sliOn("bbb", { ClusterName: "prod", ServiceName: "bbb" }, [ecs("prod", "bbb")]),
    sliOn("staged", { ClusterName: "stage", ServiceName: "bbb" }, [ecs("stage", "bbb")]),
    sliOn("cluster", { ClusterName: "prod" }, ["arn:aws:ecs:eu-west-1:123456789012:cluster/prod"]),
    sliOn("edge", { LoadBalancer: "app/edge/1" }, [
      "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/inner/2",
      ecs("prod", "worker"),
      ecs("stage", "worker"),
    ]),
    sliOn("twin", { LoadBalancer: "app/edge/1" }, [ecs("prod", "lone"), "arn:aws:sqs:r:1:jobs"]),
  ],
});

const SHARED: readonly (readonly [Readonly<Record<string, string>>, string | null])[] = [
  [{ ClusterName: "prod", ServiceName: "aaa" }, "aaa"],
  [{ ClusterName: "prod", ServiceName: "bbb" }, "bbb"],
  [{ ClusterName: "stage", ServiceName: "bbb" }, "staged"],
  [{ ClusterName: "prod" }, "cluster"],
  [{ ClusterName: "prod", ServiceName: "worker" }, "edge"],
  [{ ClusterName: "prod", ServiceName: "lone" }, "twin"],
  [{ ServiceName: "bbb" }, null],
  [{ LoadBalancer: "app/inner/2" }, "edge"],
  [{ LoadBalancer: "app/inner/2", AvailabilityZone: "r-1a" }, "edge"],
  [{ LoadBalancer: "app/inner/2", TargetGroup: "targetgroup/none/3" }, null],
  [{ LoadBalancer: "app/edge/1" }, null],
  [{ QueueName: "jobs" }, "twin"],
  [{ QueueName: "s" }, null],
  [{ Region: "" }, null],
  [{}, null],
];
for (const [dimensions, expected] of SHARED)
  test(`of services that share dimensions, ${JSON.stringify(dimensions)} speaks of ${expected ?? "none"}`, () => {
    const bySeries = serviceOf(shared, alarmWith({ alarmName: "other", attributes: dimensions, metrics: [] }));
    const byMetric = serviceOf(shared, alarmWith({ alarmName: "other", metrics: metricOn(dimensions) }));

    assert.deepEqual([bySeries?.name ?? null, byMetric?.name ?? null], [expected, expected]);
  });

test("an alarm is never given to a service none of whose SLIs has all its pairs and none of whose resources is named", () => {
  const values = fc.constantFrom("prod", "stage", "aaa", "bbb", "worker", "lone", "jobs", "app/edge/1", "x");
  const names = fc.constantFrom("ClusterName", "ServiceName", "LoadBalancer", "QueueName");
  fc.assert(
    fc.property(fc.dictionary(names, values), (dimensions) => {
      const found = serviceOf(shared, alarmWith({ alarmName: "other", metrics: metricOn(dimensions) }));

      const hasAll = found?.slis.some(({ metric }) =>
        Object.entries(metric.dimensions).every(([name, value]) => dimensions[name] === value),
      );
      const isNamed = found?.resources.some((arn) => Object.values(dimensions).some((value) => arn.endsWith(value)));
      assert.ok(found === null || hasAll || isNamed, `${JSON.stringify(dimensions)} -> ${found?.name}`);
    }),
  );
});

test("an alarm of a service that may be paged for joins no incident of one that is only observed; the other way it may", () => {
  const db = { ...service, name: "db" };
  const modes = settingsWith({
    services: [db, { ...service, name: "pay", dependsOn: ["db"] }, { ...service, name: "web", dependsOn: ["db"] }].map(
      (one) => (one.name === "web" ? { ...one, mode: "observe" as const } : one),
    ),
  });

  const joinable = ["pay", "web"].map((name) => joinableServices(modes, name));

  assert.deepEqual(joinable, [
    ["db", "pay"],
    ["db", "pay", "web"],
  ]);
});
