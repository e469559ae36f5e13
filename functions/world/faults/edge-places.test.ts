import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarioWith } from "../scenario.ts";
import { buildSystem, type System } from "../system.ts";
import {
  atIfAny,
  callPlace,
  ecsCaller,
  flagsOf,
  flagsPlace,
  harmOf,
  isAskedByWorkers,
  providerPlace,
  usersCallPlace,
} from "./edge-places.ts";

const systems = (fault: string): readonly System[] =>
  Array.from({ length: 30 }, (_, index) => {
    const { topology, clockStartMs } = scenarioWith(81, index, fault);
    return buildSystem(topology, clockStartMs, `81/${index}`);
  });

const roleOf = (system: System, arn: string) => {
  const service = system.states.find((state) => state.arn === arn)?.service;
  return system.topology.services.find(({ name }) => name === service)?.role;
};

test("a call is between two services of the roles that were asked for, and its caller waits for it", () => {
  for (const system of systems("iam-deny")) {
    const edge = callPlace(system, "s", ["store", "cache"]);

    assert.ok(["store", "cache"].includes(roleOf(system, edge.to) ?? ""));
    assert.equal(edge.isAsync, false);
  }
});

test("no worker makes a call that users wait for", () => {
  for (const system of systems("dns-failure")) {
    const { from } = usersCallPlace(system, "s", ["inner", "store", "cache"]);

    assert.notEqual(roleOf(system, from), "worker");
  }
});

test("a provider that workers call is chosen only where they call all of them", () => {
  for (const system of systems("external-outage")) {
    const { arn, kind } = providerPlace(system, "s");

    const all = system.states.filter((state) => state.kind === kind);
    assert.ok(!isAskedByWorkers(system, arn) || all.every((one) => isAskedByWorkers(system, one.arn)));
  }
});

test("flags are those that their user reads", () => {
  for (const system of systems("bad-flag")) {
    const { flags, user } = flagsPlace(system, "s");

    assert.equal(flagsOf(system, user.arn)?.arn, flags.arn);
  }
});

test("a failure that stays as it is harms nobody more, and one of all calls that grew from none harms whoever is reached", () => {
  for (const system of systems("external-outage")) {
    const [first] = system.entries;
    assert.ok(first !== undefined);

    assert.equal(harmOf(system, first.arn, 0.5, 0.5), "");
    assert.equal(harmOf(system, first.arn, 0, 1), "harms");
  }
});

test("where no ECS service calls a provider, no runbook for tasks is said to do anything", () => {
  const [system] = systems("external-outage");
  assert.ok(system !== undefined);

  const client = ecsCaller(system, "arn:aws:nowhere");

  assert.deepEqual(atIfAny({ client }, "client", { "ecs-scale-out": "harms" }), []);
  assert.deepEqual(atIfAny({ client: "arn" }, "client", { "ecs-scale-out": "", "ecs-rollback": "nothing" }), [
    { runbook: "ecs-rollback", at: "client", does: "nothing" },
  ]);
});
