import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { automationDocument } from "../core/automation-document.ts";
import { FAULTS } from "./faults/all-faults.ts";
import { metricValues } from "./metrics.ts";
import { page } from "./people.ts";
import { applyInput } from "./replay.ts";
import { startAutomation, stopAutomation } from "./runs.ts";
import { scenarioAt } from "./scenario.ts";
import { SHOP, shopWith } from "./small-system.fixture.ts";
import { MINUTE_MS, type World } from "./state.ts";
import { advance, createWorld, eventLog, fork, nextEventMs, takeDeliveries } from "./world.ts";

const HOUR_MS = 60 * MINUTE_MS;

const scaleOut = automationDocument("Quell-scale", {
  schemaVersion: "0.3",
  description: "Sets the number of tasks.",
  assumeRole: "arn:aws:iam::111122223333:role/scale",
  parameters: {
    Cluster: { type: "String", description: "Cluster" },
    Service: { type: "String", description: "Service" },
    Count: { type: "Integer", description: "Tasks" },
  },
  mainSteps: [
    {
      name: "Scale",
      action: "aws:executeAwsApi",
      inputs: {
        Service: "ecs",
        Api: "UpdateService",
        cluster: "{{ Cluster }}",
        service: "{{ Service }}",
        desiredCount: "{{ Count }}",
      },
    },
    { name: "Rest", action: "aws:sleep", inputs: { Duration: "PT5M" } },
  ],
});
const documents = new Map([[scaleOut.name, scaleOut]]);

const scale = (world: World, clientToken: string, count: number) => {
  const parameters = { Cluster: "shop-prod", Service: "shop-web", Count: count };
  const request = { documentName: scaleOut.name, documentHash: scaleOut.hash, parameters, clientToken, tags: {} };
  return startAutomation(world, documents, request);
};

test("the same scenario gives the same event log to the byte in two processes", () => {
  const script = `
    const { scenarioAt } = await import(${JSON.stringify(new URL("./scenario.ts", import.meta.url).href)});
    const { advance, createWorld, eventLog } = await import(${JSON.stringify(new URL("./world.ts", import.meta.url).href)});
    const { page } = await import(${JSON.stringify(new URL("./people.ts", import.meta.url).href)});
    for (let index = 0; index < 6; index += 1) {
      const world = createWorld(scenarioAt(11, index));
      advance(world, world.scenario.onsetMs + 600000);
      page(world, "quell-x");
      advance(world, world.scenario.onsetMs + 5400000);
      process.stdout.write(eventLog(world) + JSON.stringify(world));
    }`;
  const inOwnProcess = () => execFileSync(process.execPath, ["--input-type=module", "-e", script], { maxBuffer: 1e9 });

  const first = inOwnProcess();
  const second = inOwnProcess();

  assert.ok(first.length > 100_000);
  assert.ok(first.equals(second));
});

test("moving the clock in many steps gives the same bytes as moving it in one", () => {
  const scenario = scenarioAt(5, 3);
  const endMs = scenario.onsetMs + HOUR_MS;

  const atOnce = createWorld(scenario);
  advance(atOnce, endMs);
  const inSteps = createWorld(scenario);
  for (let next = nextEventMs(inSteps); next !== null && next <= endMs; next = nextEventMs(inSteps)) {
    advance(inSteps, next);
    advance(inSteps, next + 1);
    takeDeliveries(inSteps);
  }
  advance(inSteps, endMs);
  takeDeliveries(atOnce);

  assert.equal(JSON.stringify(inSteps), JSON.stringify(atOnce));
});

test("a fork that takes the same action gives the same bytes, and one that does not leaves the other alone", () => {
  const world = createWorld(shopWith(3, 1, "traffic-saturation"));
  advance(world, world.scenario.onsetMs + 20 * MINUTE_MS);
  const same = fork(world);
  const idle = fork(world);

  for (const one of [world, same]) scale(one, "token-1", 30);
  for (const one of [world, same, idle]) advance(one, one.scenario.onsetMs + HOUR_MS);

  assert.equal(JSON.stringify(same), JSON.stringify(world));
  assert.notEqual(eventLog(idle), eventLog(world));
  assert.equal(idle.effects.length, 0);
});

test("a scenario and the recorded inputs rebuild a world to the byte", () => {
  const world = createWorld(shopWith(3, 2, "traffic-saturation"));
  const { onsetMs } = world.scenario;
  advance(world, onsetMs + 12 * MINUTE_MS + 345);
  scale(world, "token-1", 14);
  scale(world, "token-1", 14);
  advance(world, onsetMs + 13 * MINUTE_MS);
  const second = scale(world, "token-2", 15);
  advance(world, onsetMs + 14 * MINUTE_MS);
  stopAutomation(world, second.kind === "started" ? second.executionId : "");
  page(world, "quell-x");
  advance(world, onsetMs + HOUR_MS);

  const rebuilt = createWorld(world.scenario);
  for (const input of world.inputs) applyInput(rebuilt, documents, input);
  advance(rebuilt, world.nowMs);

  assert.equal(world.inputs.length, 4);
  assert.equal(eventLog(rebuilt), eventLog(world));
  assert.equal(JSON.stringify(rebuilt), JSON.stringify(world));
});

test("one more service changes no other service's streams", () => {
  const [web, ...others] = SHOP.services;
  assert.ok(web !== undefined);
  const search = { ...web, name: "search", role: "inner", entryPerSecond: null, calls: [] } as const;
  const scenario = shopWith(2, 4);
  const without = createWorld(scenario);
  const withMore = createWorld({ ...scenario, topology: { ...SHOP, services: [web, ...others, search] } });

  for (const world of [without, withMore]) advance(world, scenario.onsetMs + HOUR_MS);

  const read = (world: World) =>
    without.system.alarms.flatMap((alarm) =>
      alarm.kind === "metric" ? [metricValues(world, alarm.metric, world.clockStartMs, world.nowMs)] : [],
    );
  assert.ok(Object.keys(withMore.resources).length > Object.keys(without.resources).length);
  assert.deepEqual(read(withMore), read(without));
});

test("a fork shares what never changes again, and copies what does", () => {
  const world = createWorld(shopWith(2, 5));
  advance(world, world.scenario.onsetMs);

  const beside = fork(world);

  assert.equal(beside.system, world.system);
  assert.equal(beside.flows[0], world.flows[0]);
  assert.notEqual(beside.resources, world.resources);
  for (const arn of Object.keys(world.resources)) assert.notEqual(beside.resources[arn], world.resources[arn]);
});

test("the draw of a scenario is JSON and differs from incident to incident", () => {
  const scenarios = Array.from({ length: 400 }, (_, index) => scenarioAt(1, index));

  const texts = new Set(scenarios.map((scenario) => JSON.stringify({ ...scenario, index: 0, startMs: 0 })));

  assert.equal(texts.size, 400);
  assert.deepEqual(JSON.parse(JSON.stringify(scenarios)), scenarios);
  const familyOf = new Map(FAULTS.map(({ id, family }) => [id, family]));
  const drawn = new Set(scenarios.map(({ fault }) => familyOf.get(fault)));
  assert.deepEqual(drawn, new Set(FAULTS.map(({ family }) => family)));
  const sizes = scenarios.map(({ topology }) => topology.services.length);
  assert.ok(Math.min(...sizes) >= 5 && Math.max(...sizes) <= 60 && Math.max(...sizes) > 40);
  for (const scenario of scenarios) assert.ok(scenario.onsetMs - scenario.clockStartMs >= HOUR_MS);
});

test("neither core nor world asks the machine for randomness or for the time", () => {
  const folders = [new URL("../core/", import.meta.url), new URL("./", import.meta.url)];
  const sources = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") })),
  );

  const guilty = sources.filter(({ text }) =>
    /Math\.random|Date\.now|new Date\(\)|performance\.|randomUUID|hrtime/.test(text),
  );

  assert.ok(sources.length > 50);
  assert.deepEqual(
    guilty.map(({ name }) => name),
    [],
  );
});
