import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flowNow, servedBy } from "../flow.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { isTargetGroup } from "../resources/load-balancer-zones.ts";
import { scenarioWith } from "../scenario.ts";
import { stir } from "../state.ts";
import { createWorld } from "../world.ts";
import { errorRateFor, harmOf, hurtEntry, hurtShare, placeThatHurts } from "./severity.ts";
import { systemsFor } from "./systems.fixture.ts";

const worldAt = (index: number) => createWorld(scenarioWith(52, index, "bad-ecs-deployment"));

test("where no cache stands before it, a failure hurts at least the share of users that it is said to", () => {
  fc.assert(
    fc.property(fc.nat(30), fc.double({ min: 0.05, max: 0.5, noNaN: true }), (index, errorRate) => {
      const world = worldAt(index);
      const { state, entry } = placeThatHurts(world.system, `${index}`, errorRate, isEcsService);
      fc.pre(world.system.states.some((one) => one.arn === entry && isTargetGroup(one)));
      const disturbance = { from: null, to: state.arn, fromMs: 0, toMs: null, latencyMs: 0, message: "" };
      world.disturbances.push({ id: "test", ...disturbance, errorRate });
      stir(world);

      const said = hurtShare(world.system, entry, state.arn, errorRate);

      const shown = servedBy(world, flowNow(world), entry)?.errorRate ?? 0;
      assert.ok(shown > said - 0.02, `${said} said, ${shown} shown`);
    }),
    { numRuns: 30 },
  );
});

test("a higher error rate never hurts fewer, and the one that is found for a share hurts that share", () => {
  fc.assert(
    fc.property(fc.nat(30), fc.double({ min: 0.02, max: 0.9, noNaN: true }), (index, share) => {
      const { system } = worldAt(index);
      const [service] = system.states.filter(isEcsService);
      const entry = service === undefined ? null : hurtEntry(system, service.arn);
      fc.pre(service !== undefined && entry !== null);

      const rate = errorRateFor(system, entry, service.arn, share);

      const hurt = [rate - 0.02, rate, rate + 0.02].map((one) => hurtShare(system, entry, service.arn, one));
      assert.ok((hurt[0] ?? 0) <= (hurt[1] ?? 0) && (hurt[1] ?? 0) <= (hurt[2] ?? 0));
      assert.ok((hurt[1] ?? 0) >= share - 0.001 || rate >= 0.9);
      assert.ok(rate <= 0.02 || (hurt[0] ?? 0) < share);
    }),
  );
});

test("a failure that stays as it is harms nobody more, and one of all calls that grew from none harms whoever is reached", () => {
  for (const system of systemsFor("external-outage")) {
    const [first] = system.entries;
    assert.ok(first !== undefined);

    assert.equal(harmOf(system, first.arn, 0.5, 0.5), "");
    assert.equal(harmOf(system, first.arn, 0, 1), "harms");
  }
});
