import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { alarmKey } from "../../core/ids.ts";
import { standardMetrics } from "../../core/standard-metrics.ts";
import { alarmsOf } from "../../world/alarms.ts";
import { resourcesOf } from "../../world/graph.ts";
import { scenarioWith } from "../../world/scenario.ts";
import type { WorldInput } from "../../world/types.ts";
import { advance, createWorld } from "../../world/world.ts";
import { actuatorContract } from "../contracts/actuator.contract.ts";
import { evidenceContract } from "../contracts/evidence.contract.ts";
import { pagerContract } from "../contracts/pager.contract.ts";
import { documentsOf, simulatedActuator } from "./actuator.ts";
import { simulatedEvidence } from "./evidence.ts";
import { simulatedPager } from "./pager.ts";

const MINUTE_MS = 60_000;
const healthyWorld = () => {
  const world = createWorld(scenarioWith(1, 0, "none"));
  advance(world, world.nowMs + 75 * MINUTE_MS);
  return world;
};

const REQUEST = {
  clientToken: "0b4a2f3e-6d0c-5c59-9a55-3c1f0c9d2e47",
  tags: { incident: "quell-one", decision: "quell-one/0", role: "run" },
};

const makeActuator = async (inputs: WorldInput[] = []) => {
  const world = healthyWorld();
  const documents = documentsOf(catalogue);
  const document = [...documents.values()].find(({ name }) => name.startsWith("Quell-ecs-rollback-"));
  assert.ok(document !== undefined);
  const { name: documentName, hash: documentHash, content } = document;
  const parameters = Object.fromEntries(
    Object.keys(content.parameters).map((name) => [name, name.endsWith("TaskDefinition") ? "web:1" : "web"]),
  );
  return {
    world,
    actuator: simulatedActuator(world, documents, (input) => inputs.push(input)),
    request: { ...REQUEST, documentName, documentHash, parameters },
    letItEnd: async () => advance(world, world.nowMs + 60 * MINUTE_MS),
  };
};

actuatorContract("simulated actuator", makeActuator);

pagerContract("simulated pager", async () => {
  const world = healthyWorld();
  return { pager: simulatedPager(world, () => {}), reached: async () => world.pages.map((page) => page.incidentId) };
});

evidenceContract("simulated evidence", async () => {
  const world = healthyWorld();
  const resources = resourcesOf(world, Object.keys(world.resources));
  const [alarm] = alarmsOf(world);
  const { account, region, nowMs } = world;
  return {
    evidence: simulatedEvidence(world),
    nowMs,
    alarmKey: alarmKey({ account, region, alarmName: alarm?.name ?? "", contributorId: null }),
    metrics: resources.flatMap(standardMetrics).filter(({ metricName }) => metricName === "CPUUtilization"),
    logGroups: Object.values(world.resources).flatMap(({ logGroup }) => logGroup ?? []),
    arns: resources.slice(0, 1).map(({ arn }) => arn),
  };
});

test("a metric of the world is given to the resource that its dimensions name", async () => {
  const world = healthyWorld();
  const resources = resourcesOf(world, Object.keys(world.resources));
  // A metric without dimensions is the account's.
  const asked = resources
    .flatMap((resource) => standardMetrics(resource).map((metric) => ({ resource, metric })))
    .filter(({ metric }) => Object.keys(metric.dimensions).length > 0);

  const series = await simulatedEvidence(world).metrics(
    asked.map(({ metric }) => metric),
    world.nowMs - 10 * MINUTE_MS,
    world.nowMs,
  );

  assert.ok(asked.length > 5);
  assert.deepEqual(
    series.map(({ arn }) => arn),
    asked.map(({ resource }) => resource.arn),
  );
});

test("a metric that names a function alone is not given to the queue of the same name", async () => {
  const world = healthyWorld();
  const queue = Object.values(world.resources).find(({ arn }) => arn.split(":")[2] === "sqs");
  const dimensions = { FunctionName: queue?.name ?? "" };
  const metric = { namespace: "AWS/Lambda", metricName: "Errors", dimensions, stat: "Sum", periodSeconds: 60 };

  const [series] = await simulatedEvidence(world).metrics([metric], world.nowMs - 10 * MINUTE_MS, world.nowMs);

  assert.equal(queue?.arn.endsWith(`:${queue.name}`), true);
  assert.equal(series?.arn, null);
});

test("a start is kept as an input once, however often it is asked for, and a refused one never", async () => {
  const inputs: WorldInput[] = [];
  const { actuator, request } = await makeActuator(inputs);

  await actuator.start(request);
  await actuator.start(request);
  await actuator.start({ ...request, clientToken: "another", documentName: "no-such-document" });

  assert.deepEqual(
    inputs.map((input) => input.kind),
    ["start-automation"],
  );
});
