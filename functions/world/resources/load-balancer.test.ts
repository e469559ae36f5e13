import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../core/json.ts";
import { call } from "../aws-api.ts";
import { flowNow, servedBy } from "../flow.ts";
import { metricOf } from "../metric-ref.ts";
import { metricValues } from "../metrics.ts";
import { scenarioWith } from "../scenario.ts";
import { MINUTE_MS, stir, type World } from "../state.ts";
import { ZONES } from "../topology.ts";
import { advance, configurationHash, createWorld } from "../world.ts";
import { loadBalancerArn, zoneIdOf } from "./load-balancer-api.ts";
import { capacityInUse, isTargetGroup, type TargetGroup } from "./load-balancer-zones.ts";

const BY_HAND = { executionId: null, person: "tester" };

/** A world without its fault, whose scenario brings a load balancer that users reach, and its target group. */
const balanced = (): Readonly<{ world: World; group: TargetGroup }> => {
  const scenario = scenarioWith(8, 2, "zone-gray-failure", { services: 6 });
  const world = createWorld({ ...scenario, faults: [], benignChanges: [] });
  advance(world, world.clockStartMs + 10 * MINUTE_MS);
  const group = world.resources[String(scenario.faults[0]?.parameters.group)];
  if (group === undefined || !isTargetGroup(group)) throw new Error("the scenario names no target group");
  return { world, group };
};

const ask = (world: World, api: string, input: Record<string, Json>) => {
  const reply = call(world, BY_HAND, { service: "arc-zonal-shift", api, input });
  return reply.ok ? JSON.parse(JSON.stringify(reply.output)) : reply.code;
};

const shiftOf = (group: TargetGroup, zone: string) => ({
  resourceIdentifier: loadBalancerArn(group),
  awayFrom: zoneIdOf(zone),
  expiresIn: "1h",
  comment: "test",
});

const errorsAt = (world: World, group: TargetGroup): number => {
  stir(world);
  return servedBy(world, flowNow(world), group.arn)?.errorRate ?? Number.NaN;
};

test("a zone fails its share of the requests, and none once they are shifted away, which makes the others' shares larger", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.05, max: 1, noNaN: true }), fc.nat(2), (errorRate, index) => {
      const { world, group } = balanced();
      const zone = ZONES[index] ?? "";
      const before = errorsAt(world, group);
      group.impaired = { zone, errorRate, latencyMs: 0 };

      const during = errorsAt(world, group);
      ask(world, "StartZonalShift", shiftOf(group, zone));
      const shifted = errorsAt(world, group);
      group.impaired = { zone: ZONES[(index + 1) % 3] ?? "", errorRate, latencyMs: 0 };
      const another = errorsAt(world, group);

      assert.ok(Math.abs(during - before - errorRate / 3) < 0.01, `${during} after ${before}`);
      assert.ok(Math.abs(shifted - before) < 0.01, `${shifted} after ${before}`);
      assert.ok(Math.abs(another - before - errorRate / 2) < 0.01, `${another} after ${before}`);
    }),
    { numRuns: 20 },
  );
});

test("a dead zone takes its share of the capacity along, and so does one that gets no requests", () => {
  const { world, group } = balanced();
  const [one = "", other = ""] = group.zones;

  const whole = capacityInUse(world, group.arn);
  world.zones[one] = { errorRate: 1, latencyMs: 0 };
  const dead = capacityInUse(world, group.arn);
  ask(world, "StartZonalShift", shiftOf(group, one));
  const shifted = capacityInUse(world, group.arn);
  world.zones[other] = { errorRate: 0.5, latencyMs: 0 };
  const worse = capacityInUse(world, group.arn);

  assert.deepEqual(
    [whole, dead, shifted, worse].map((share) => Math.round(share * 1000)),
    [1000, 667, 667, 500],
  );
  assert.equal(capacityInUse(world, null), 1);
});

test("each zone counts its own requests and errors, which add up to those of the target group", () => {
  const { world, group } = balanced();
  const zone = group.zones[1] ?? "";
  group.impaired = { zone, errorRate: 0.6, latencyMs: 100 };
  stir(world);

  advance(world, world.nowMs + 12 * MINUTE_MS);

  const metric = metricOf(world.system, group.arn, "HTTPCode_Target_5XX_Count", "Sum");
  const meanOf = (dimensions: Record<string, string>, metricName: string): number => {
    const named = { ...metric, metricName, dimensions: { ...metric.dimensions, ...dimensions } };
    const values = metricValues(world, named, world.nowMs - 10 * MINUTE_MS, world.nowMs);
    return values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;
  };
  const requests = group.zones.map((AvailabilityZone) => meanOf({ AvailabilityZone }, "RequestCount"));
  const errors = group.zones.map((AvailabilityZone) => meanOf({ AvailabilityZone }, "HTTPCode_Target_5XX_Count"));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  assert.ok(requests.every((count) => Math.abs(count / sum(requests) - 1 / 3) < 0.05));
  assert.ok((errors[1] ?? 0) > 20 * Math.max(errors[0] ?? 0, errors[2] ?? 0));
  assert.ok(Math.abs(sum(errors) / meanOf({}, "HTTPCode_Target_5XX_Count") - 1) < 0.1);
});

test("a zonal shift ends when it is cancelled or expires, and the configuration is then as it was", () => {
  const { world, group } = balanced();
  const [zone = ""] = group.zones;
  const hash = configurationHash(world);
  const resourceIdentifier = loadBalancerArn(group);

  const first = ask(world, "StartZonalShift", shiftOf(group, zone));
  const shown = ask(world, "GetManagedResource", { resourceIdentifier });
  const hashMeanwhile = configurationHash(world);
  const cancelled = ask(world, "CancelZonalShift", { zonalShiftId: first.zonalShiftId });
  const hashAfterwards = configurationHash(world);
  ask(world, "StartZonalShift", shiftOf(group, zone));
  advance(world, world.nowMs + 61 * MINUTE_MS);

  assert.equal(shown.appliedWeights[zoneIdOf(zone)], 0);
  assert.deepEqual([shown.zonalShifts[0].awayFrom, shown.zonalShifts[0].appliedStatus], [zoneIdOf(zone), "APPLIED"]);
  assert.equal(cancelled.status, "CANCELED");
  assert.notEqual(hashMeanwhile, hash);
  assert.deepEqual([hashAfterwards, configurationHash(world)], [hash, hash]);
  assert.deepEqual(
    ask(world, "ListZonalShifts", { resourceIdentifier }).items.map((one: { status: string }) => one.status),
    ["EXPIRED", "CANCELED"],
  );
});

test("bad input to ARC is answered with its own error codes and changes nothing", () => {
  const { world, group } = balanced();
  const shift = shiftOf(group, group.zones[0] ?? "");
  const { zonalShiftId } = ask(world, "StartZonalShift", shift);
  ask(world, "CancelZonalShift", { zonalShiftId });
  const hash = configurationHash(world);
  const cases: readonly (readonly [string, Record<string, Json>, string])[] = [
    ["StartZonalShift", { ...shift, expiresIn: "4d" }, "ValidationException"],
    ["StartZonalShift", { ...shift, expiresIn: "73h" }, "ValidationException"],
    ["StartZonalShift", { ...shift, awayFrom: "use1-az1" }, "ValidationException"],
    ["StartZonalShift", { ...shift, resourceIdentifier: "nothing" }, "ResourceNotFoundException"],
    ["CancelZonalShift", { zonalShiftId }, "ConflictException"],
    ["CancelZonalShift", { zonalShiftId: "nothing" }, "ResourceNotFoundException"],
    ["GetManagedResource", { resourceIdentifier: "nothing" }, "ResourceNotFoundException"],
  ];

  const codes = cases.map(([api, input]) => ask(world, api, input));

  assert.deepEqual(
    codes,
    cases.map((one) => one[2]),
  );
  assert.equal(configurationHash(world), hash);
});

test("only one zone can be shifted away at a time", () => {
  const { world, group } = balanced();
  const [one = "", other = ""] = group.zones;

  ask(world, "StartZonalShift", shiftOf(group, one));

  assert.equal(ask(world, "StartZonalShift", shiftOf(group, other)), "ConflictException");
});
