import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../core/json.ts";
import { call } from "../aws-api.ts";
import { releaseCode } from "../releases.ts";
import { scenarioWith } from "../scenario.ts";
import { MINUTE_MS, type World } from "../state.ts";
import { isHealthy } from "../truth.ts";
import { advance, configurationHash, createWorld } from "../world.ts";
import { type AutoScalingGroup, inService, isAutoScalingGroup, refreshUnderWay, resize } from "./auto-scaling-fleet.ts";

const BY_HAND = { executionId: null, person: "tester" };

/** A world without its fault, whose scenario brings a group of instances that serve users, and the group. */
const grouped = (): Readonly<{ world: World; group: AutoScalingGroup }> => {
  const scenario = scenarioWith(8, 2, "unhealthy-instances", { services: 6 });
  const world = createWorld({ ...scenario, faults: [], benignChanges: [] });
  advance(world, world.clockStartMs + 10 * MINUTE_MS);
  const group = world.resources[String(scenario.faults[0]?.parameters.arn)];
  if (group === undefined || !isAutoScalingGroup(group)) throw new Error("the scenario names no Auto Scaling group");
  return { world, group };
};

const ask = (world: World, group: AutoScalingGroup, api: string, input: Record<string, Json> = {}) => {
  const named = { AutoScalingGroupName: group.name, ...input };
  const reply = call(world, BY_HAND, { service: "autoscaling", api, input: named });
  return reply.ok ? JSON.parse(JSON.stringify(reply.output)) : reply.code;
};

const templateOf = (group: AutoScalingGroup, Version: string) => ({
  LaunchTemplate: { LaunchTemplateId: group.launchTemplateId, Version },
});

/** The least number in service from now on until the refresh under way ends, and the minutes that it takes. */
const watch = (world: World, group: AutoScalingGroup): Readonly<{ least: number; minutes: number }> => {
  const startMs = world.nowMs;
  let least = inService(group);
  while (group.refreshes.at(-1)?.endedAtMs === null && world.nowMs < startMs + 240 * MINUTE_MS) {
    advance(world, world.nowMs + 5_000);
    least = Math.min(least, inService(group));
  }
  return { least, minutes: (world.nowMs - startMs) / MINUTE_MS };
};

test("a refresh replaces every instance, a tenth at a time, and users notice nothing", () => {
  const { world, group } = grouped();
  const before = inService(group);
  const hash = configurationHash(world);

  const { InstanceRefreshId } = ask(world, group, "StartInstanceRefresh");
  const during = ask(world, group, "DescribeInstanceRefreshes").InstanceRefreshes[0];
  const { least, minutes } = watch(world, group);

  const [after] = ask(world, group, "DescribeInstanceRefreshes", {
    InstanceRefreshIds: [InstanceRefreshId],
  }).InstanceRefreshes;
  assert.deepEqual([during.Status, after.Status, after.PercentageComplete], ["InProgress", "Successful", 100]);
  assert.ok(least >= before - Math.max(1, Math.floor(before / 10)), `${least} of ${before}`);
  assert.ok(minutes > 1 && minutes < 60, `${minutes} minutes`);
  assert.deepEqual([inService(group), group.fleets.length, configurationHash(world)], [before, 1, hash]);
  assert.equal(isHealthy(world), true);
});

test("sick instances are the first that a refresh takes", () => {
  const { world, group } = grouped();
  const [fleet] = group.fleets;
  if (fleet !== undefined) fleet.sick = 1;

  ask(world, group, "StartInstanceRefresh");

  assert.deepEqual(
    group.fleets.map(({ sick }) => sick),
    group.fleets.map(() => 0),
  );
});

test("a refresh to another version of the launch template sets it when it ends, and a rollback brings the old one back", () => {
  const { world, group } = grouped();
  const { version } = group;
  const size = inService(group);
  releaseCode(world, group.arn, null);
  const [to = ""] = Object.keys(group.templates).slice(-1);

  advance(world, world.nowMs + 4 * MINUTE_MS);
  const meanwhile = new Set(group.fleets.filter(({ count }) => count > 0).map((one) => one.version));
  const replaced = group.launched;
  ask(world, group, "RollbackInstanceRefresh");
  watch(world, group);
  const launchedBack = group.launched - replaced;
  const back = [group.version, group.refreshes.at(-1)?.status, group.fleets.every((one) => one.version === version)];
  ask(world, group, "StartInstanceRefresh", { DesiredConfiguration: templateOf(group, to) });
  watch(world, group);

  assert.deepEqual(meanwhile, new Set([version, to]));
  assert.ok(launchedBack <= replaced && replaced < size, `${replaced} replaced, ${launchedBack} launched back`);
  assert.deepEqual(back, [version, "RollbackSuccessful", true]);
  assert.deepEqual([group.version, group.previousVersion, inService(group)], [to, version, size]);
});

test("an instance serves no earlier than its own warm-up allows, whatever launches were cancelled before it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 69 }), (more, seconds) => {
      const { world, group } = grouped();
      const before = inService(group);
      resize(world, group, before + more);
      advance(world, world.nowMs + seconds * 1000);
      resize(world, group, before);

      resize(world, group, before + more);
      advance(world, world.nowMs + 69_000);
      const early = inService(group);
      advance(world, world.nowMs + 62_000);

      assert.deepEqual([early, inService(group), group.warming], [before, before + more, []]);
    }),
    { numRuns: 15 },
  );
});

test("whatever is asked of it, a group ends with the instances that it wants and no refresh", () => {
  const step = fc.oneof(
    fc.record({ api: fc.constant("SetDesiredCapacity"), DesiredCapacity: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ api: fc.constantFrom("StartInstanceRefresh", "CancelInstanceRefresh", "RollbackInstanceRefresh") }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.integer({ min: 0, max: 300 })), { maxLength: 8 }), (steps) => {
      const { world, group } = grouped();

      for (const [{ api, ...input }, seconds] of steps) {
        ask(world, group, api, input);
        advance(world, world.nowMs + seconds * 1000);
      }
      watch(world, group);
      advance(world, world.nowMs + 10 * MINUTE_MS);

      assert.deepEqual([inService(group), group.warming, refreshUnderWay(group)], [group.desiredCapacity, [], null]);
    }),
    { numRuns: 25 },
  );
});

test("bad input to EC2 Auto Scaling is answered with its own error codes and changes nothing", () => {
  const { world, group } = grouped();
  const hash = configurationHash(world);
  const cases: readonly (readonly [string, Record<string, Json>, string])[] = [
    ["SetDesiredCapacity", { AutoScalingGroupName: "nothing", DesiredCapacity: 2 }, "ValidationError"],
    ["SetDesiredCapacity", { DesiredCapacity: group.maxSize + 1 }, "ValidationError"],
    ["SetDesiredCapacity", { DesiredCapacity: group.minSize - 1 }, "ValidationError"],
    ["UpdateAutoScalingGroup", templateOf(group, "999"), "ValidationError"],
    ["StartInstanceRefresh", { DesiredConfiguration: templateOf(group, "999") }, "ValidationError"],
    ["CancelInstanceRefresh", {}, "ActiveInstanceRefreshNotFound"],
    ["RollbackInstanceRefresh", {}, "ActiveInstanceRefreshNotFound"],
  ];

  const codes = cases.map(([api, input]) => ask(world, group, api, input));
  ask(world, group, "StartInstanceRefresh");
  const again = ask(world, group, "StartInstanceRefresh");
  const irreversible = ask(world, group, "RollbackInstanceRefresh");

  assert.deepEqual(
    codes,
    cases.map((one) => one[2]),
  );
  assert.deepEqual([again, irreversible], ["InstanceRefreshInProgress", "IrreversibleInstanceRefresh"]);
  assert.equal(configurationHash(world), hash);
});
