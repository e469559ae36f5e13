import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../core/json.ts";
import { call } from "../aws-api.ts";
import { flowNow, servedBy } from "../flow.ts";
import { resourcesOf } from "../graph.ts";
import { MINUTE_MS, type World } from "../state.ts";
import { advance, configurationHash } from "../world.ts";
import { type AppConfigFlags, isAppConfigFlags } from "./appconfig-deployments.ts";
import { edgeWorld } from "./edge-topology.fixture.ts";

const flagsOf = (world: World): AppConfigFlags => {
  const found = Object.values(world.resources).find(isAppConfigFlags);
  if (found === undefined) throw new Error("this world has flags");
  return found;
};

const stockOf = (world: World): string => flagsUser(world, flagsOf(world).arn);
const flagsUser = (world: World, arn: string): string =>
  Object.values(world.resources).find(({ uses }) => uses.includes(arn))?.arn ?? "";

const ask = (world: World, api: string, more: Record<string, Json> = {}) => {
  const { applicationId, environmentId } = flagsOf(world);
  const input = { ApplicationId: applicationId, EnvironmentId: environmentId, ...more };
  const reply = call(world, { executionId: null, person: "tester" }, { service: "appconfig", api, input });
  return reply.ok ? JSON.parse(JSON.stringify(reply.output)) : reply.code;
};

const start = (world: World, version: string, strategy = "AppConfig.AllAtOnce") =>
  ask(world, "StartDeployment", {
    ConfigurationProfileId: flagsOf(world).configurationProfileId,
    ConfigurationVersion: version,
    DeploymentStrategyId: strategy,
  });

/** A version of which every request at the service that reads the flags fails. */
const withBadVersion = (world: World): string => {
  const flags = flagsOf(world);
  const hit = { from: null, to: stockOf(world), toMs: null, errorRate: 1, latencyMs: 0, message: "bad flag" };
  flags.versions["99"] = [hit];
  return "99";
};

const errorsAtStock = (world: World): number => servedBy(world, flowNow(world), stockOf(world))?.errorRate ?? 0;

test("whatever is started and stopped, targets have what the version of the graph does, and one deployment runs at most", () => {
  const move = fc.record({
    api: fc.constantFrom("start-good", "start-bad", "start-slowly", "stop", "revert"),
    minutes: fc.integer({ min: 0, max: 45 }),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 8 }), (moves) => {
      const world = edgeWorld();
      const bad = withBadVersion(world);
      const good = flagsOf(world).configurationVersion;

      for (const { api, minutes } of moves) {
        const { number } = flagsOf(world).deployments[0] ?? { number: 0 };
        if (api === "stop") ask(world, "StopDeployment", { DeploymentNumber: number });
        else if (api === "revert") ask(world, "StopDeployment", { DeploymentNumber: number, AllowRevert: true });
        else if (api === "start-slowly") start(world, bad, "AppConfig.Linear20PercentEvery6Minutes");
        else start(world, api === "start-bad" ? bad : good);
        advance(world, world.nowMs + minutes * MINUTE_MS);
      }
      advance(world, world.nowMs + 61 * MINUTE_MS);

      const running = flagsOf(world).deployments.filter(({ state }) => state === "DEPLOYING" || state === "BAKING");
      const { configurationVersion } = resourcesOf(world, [flagsOf(world).arn])[0]?.attributes ?? {};
      assert.deepEqual(running, []);
      assert.equal(errorsAtStock(world) > 0.5, configurationVersion === bad);
    }),
    { numRuns: 40 },
  );
});

test("a gradual deployment reaches a fifth more of the targets every six minutes and bakes for thirty", () => {
  const world = edgeWorld();
  const bad = withBadVersion(world);

  const { DeploymentNumber } = start(world, bad, "AppConfig.Linear20PercentEvery6Minutes");
  const seen = [0, 6, 12, 18, 24, 30, 60].map((minutes, index, all) => {
    advance(world, world.nowMs + (minutes - (all[index - 1] ?? 0)) * MINUTE_MS);
    const { State, PercentageComplete } = ask(world, "GetDeployment", { DeploymentNumber });
    return [State, PercentageComplete, Math.round(errorsAtStock(world) * 100)];
  });

  assert.deepEqual(seen, [
    ["DEPLOYING", 20, 20],
    ["DEPLOYING", 40, 40],
    ["DEPLOYING", 60, 60],
    ["DEPLOYING", 80, 80],
    ["DEPLOYING", 100, 100],
    ["BAKING", 100, 100],
    ["COMPLETE", 100, 100],
  ]);
});

test("stopping a deployment under way rolls it back, reverting a completed one gives back the version before", () => {
  const world = edgeWorld();
  const hash = configurationHash(world);
  const bad = withBadVersion(world);

  const first = start(world, bad).DeploymentNumber;
  const stopped = ask(world, "StopDeployment", { DeploymentNumber: first });
  const hashAfterStop = configurationHash(world);
  const second = start(world, bad).DeploymentNumber;
  advance(world, world.nowMs + 11 * MINUTE_MS);
  const hashMeanwhile = configurationHash(world);
  const refused = ask(world, "StopDeployment", { DeploymentNumber: second });
  const reverted = ask(world, "StopDeployment", { DeploymentNumber: second, AllowRevert: true });

  assert.deepEqual([stopped.State, refused, reverted.State], ["ROLLED_BACK", "BadRequestException", "REVERTED"]);
  assert.notEqual(hashMeanwhile, hash);
  assert.deepEqual([hashAfterStop, configurationHash(world)], [hash, hash]);
  assert.ok(errorsAtStock(world) < 0.01);
});

test("a deployment that completed more than 72 hours ago is not reverted", () => {
  const world = edgeWorld();
  const { DeploymentNumber } = start(world, withBadVersion(world));

  advance(world, world.nowMs + 10 * MINUTE_MS + 72 * 60 * MINUTE_MS + 1);

  assert.equal(ask(world, "StopDeployment", { DeploymentNumber, AllowRevert: true }), "BadRequestException");
});

test("bad input is answered with AppConfig's own error codes and changes nothing", () => {
  const world = edgeWorld();
  const good = flagsOf(world).configurationVersion;
  start(world, good);
  const hash = configurationHash(world);

  const codes = [
    start(world, good),
    start(world, "12345"),
    start(world, good, "AppConfig.Nothing"),
    ask(world, "ListDeployments", { EnvironmentId: "nowhere" }),
    ask(world, "GetDeployment", { DeploymentNumber: 5000 }),
    ask(world, "StopDeployment", { DeploymentNumber: 5000 }),
  ];

  const missing = Array.from({ length: 5 }, () => "ResourceNotFoundException");
  assert.deepEqual(codes, ["ConflictException", ...missing]);
  assert.equal(configurationHash(world), hash);
});

test("the graph shows who reads the flags, and the latest deployment first", () => {
  const world = edgeWorld();

  const [user] = resourcesOf(world, [stockOf(world)]);
  const { Items } = ask(world, "ListDeployments");

  assert.ok(user?.dependsOn.includes(flagsOf(world).arn));
  assert.equal(Items[0].ConfigurationVersion, flagsOf(world).configurationVersion);
});
