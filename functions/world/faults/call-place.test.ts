import assert from "node:assert/strict";
import { test } from "node:test";
import type { System } from "../system.ts";
import { callPlace, usersCallPlace } from "./call-place.ts";
import { systemsFor } from "./systems.fixture.ts";

const roleOf = (system: System, arn: string) => {
  const service = system.states.find((state) => state.arn === arn)?.service;
  return system.topology.services.find(({ name }) => name === service)?.role;
};

test("a call is between two services of the roles that were asked for, and its caller waits for it", () => {
  for (const system of systemsFor("iam-deny")) {
    const edge = callPlace(system, "s", ["store", "cache"]);

    assert.ok(["store", "cache"].includes(roleOf(system, edge.to) ?? ""));
    assert.equal(edge.isAsync, false);
  }
});

test("no worker makes a call that users wait for", () => {
  for (const system of systemsFor("dns-failure")) {
    const { from } = usersCallPlace(system, "s", ["inner", "store", "cache"]);

    assert.notEqual(roleOf(system, from), "worker");
  }
});
