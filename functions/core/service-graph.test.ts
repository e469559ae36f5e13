import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { alarmWith, type ERRORS, LATENCY, service, settingsWith } from "./example.fixture.ts";
import { relatedServices, serviceOf } from "./service-graph.ts";
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
