import assert from "node:assert/strict";
import { test } from "node:test";
import { settingsSchema } from "../core/settings.ts";
import { FAULTS } from "./faults/all-faults.ts";
import { textOf } from "./faults/fault.ts";
import { changesOf, resourcesOf } from "./graph.ts";
import { logLines } from "./logs.ts";
import { metricValues } from "./metrics.ts";
import { page } from "./people.ts";
import { scenarioAt, scenarioWith } from "./scenario.ts";
import { settingsFor } from "./settings-for.ts";
import { shopArns, shopWith } from "./small-system.fixture.ts";
import { MINUTE_MS, type World } from "./state.ts";
import { advance, createWorld } from "./world.ts";

const unfold = (faultId: string, index: number, minutes: number): World => {
  const world = createWorld(scenarioWith(51, index, faultId));
  advance(world, world.scenario.onsetMs + minutes * MINUTE_MS);
  return world;
};

const groupsOf = (world: World) => Object.values(world.resources).flatMap(({ logGroup }) => logGroup ?? []);

test("the settings are valid, name every alarm's service, and every SLI has data", () => {
  for (let index = 0; index < 20; index += 1) {
    const world = createWorld(scenarioAt(51, index));
    advance(world, world.scenario.onsetMs);

    const settings = settingsSchema.parse(settingsFor(world));

    const names = settings.services.map((service) => service.name);
    assert.ok(names.length >= 5 && names.length <= 60);
    assert.deepEqual(Object.keys(settings.alarms).sort(), world.alarms.map((alarm) => alarm.name).sort());
    assert.ok(Object.values(settings.alarms).every((service) => names.includes(service)));
    assert.ok(settings.services.every((service) => service.dependsOn.every((callee) => names.includes(callee))));
    assert.deepEqual(
      settings.services.flatMap((service) => service.resources).sort(),
      Object.values(world.resources)
        .flatMap(({ arn, service }) => (service === "" ? [] : [arn]))
        .sort(),
    );
    // A count of errors is divided by what always has data; a minute without one has no datapoint.
    for (const { metric, per } of settings.services.flatMap((service) => service.slis))
      assert.ok(
        metricValues(world, per ?? metric, world.clockStartMs, world.nowMs).filter((value) => value !== null).length >
          50,
      );
  }
});

test("the graph of an entry reaches what it calls, and nothing that it does not", () => {
  const world = createWorld(shopWith(51, 1));
  const arns = shopArns(world.system);

  const reached = resourcesOf(world, [arns.balancer, "arn:aws:ecs:eu-west-1:1:service/none/none"]).map(
    ({ arn }) => arn,
  );

  assert.equal(reached[0], arns.balancer);
  for (const arn of [arns.front, arns.back, arns.database]) assert.ok(reached.includes(arn));
  for (const arn of [arns.queue, arns.worker]) assert.ok(!reached.includes(arn));
});

test("every resource has a type, a service and attributes that are scalars", () => {
  const world = unfold("bad-ecs-deployment", 2, 3);

  const resources = resourcesOf(world, Object.keys(world.resources));

  assert.equal(resources.length, Object.keys(world.resources).length);
  for (const resource of resources) {
    assert.match(resource.type, /^AWS::[A-Za-z0-9]+::[A-Za-z]+$/);
    // What belongs to the account as a whole, a quota, belongs to no service, and no incident's graph holds it.
    if (resource.service === "") assert.ok(resources.every(({ dependsOn }) => !dependsOn.includes(resource.arn)));
    for (const value of Object.values(resource.attributes))
      assert.ok(value === null || ["number", "string", "boolean"].includes(typeof value), resource.arn);
  }
});

test("most faults show in a log, and a healthy world logs no errors", () => {
  const errorsOf = (world: World) =>
    logLines(world, groupsOf(world), world.clockStartMs, world.nowMs).filter((line) =>
      line.message.startsWith("ERROR"),
    );

  const healthy = errorsOf(unfold("none", 3, 60));
  const sick = FAULTS.map((fault) => errorsOf(unfold(fault.id, 3, 58)));

  assert.deepEqual(healthy, []);
  assert.ok(sick.filter((lines) => lines.length > 5).length > FAULTS.length / 2);
});

test("log lines come in order, within the asked span and groups, and read the same twice", () => {
  const world = unfold("bad-lambda-version", 4, 20);
  const [group = ""] = groupsOf(world);
  const [fromMs, toMs] = [world.nowMs - 10 * MINUTE_MS, world.nowMs - 3 * MINUTE_MS];

  const lines = logLines(world, [group], fromMs, toMs);
  advance(world, world.nowMs + 5 * MINUTE_MS);
  const again = logLines(world, [group], fromMs, toMs);

  assert.ok(lines.length >= 10);
  assert.deepEqual(again, lines);
  assert.deepEqual(
    lines.map(({ atMs }) => atMs),
    lines.map(({ atMs }) => atMs).toSorted((one, other) => one - other),
  );
  assert.ok(lines.every((line) => line.logGroup === group && line.atMs >= fromMs && line.atMs <= toMs));
});

test("a deployment's marker names the versions of the control plane", () => {
  const worlds = Array.from({ length: 10 }, (_, index) => unfold("bad-lambda-version", index, 5));

  const markers = worlds.flatMap((world) => {
    const worker = textOf(world.faults[0]?.parameters ?? {}, "arn");
    return changesOf(world, [worker], world.scenario.onsetMs, world.nowMs).map((change) => ({ world, change }));
  });

  assert.ok(markers.length > 4);
  for (const { world, change } of markers) {
    const [alias] = resourcesOf(world, [change.target]);
    assert.deepEqual([change.kind, change.atMs], ["deployment", world.scenario.onsetMs]);
    assert.deepEqual(
      [change.from, change.to],
      [alias?.attributes.previousFunctionVersion, alias?.attributes.functionVersion],
    );
  }
});

test("who is paged arrives after a time with a median near 25 minutes, once however often the page is sent", () => {
  const worlds = Array.from({ length: 200 }, (_, index) => unfold("bad-lambda-version", index, 0));

  const minutes = worlds.map((world) => {
    for (const incidentId of ["quell-a", "quell-a", "quell-b"]) page(world, incidentId);
    return ((world.personComesAtMs ?? 0) - world.nowMs) / MINUTE_MS;
  });

  const median = minutes.toSorted((one, other) => one - other)[100] ?? 0;
  assert.ok(median > 20 && median < 31, `the median was ${median}`);
  for (const world of worlds) {
    assert.equal(world.agenda.filter(({ what }) => what.kind === "person-arrives").length, 2);
    assert.equal(world.inputs.length, 2);
  }
});
