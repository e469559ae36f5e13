import assert from "node:assert/strict";
import { test } from "node:test";
import { ecsCaller } from "./ecs-place.ts";
import { atIfAny } from "./remedy.ts";
import { systemsFor } from "./systems.fixture.ts";

test("where no ECS service calls a provider, no runbook for tasks is said to do anything", () => {
  const [system] = systemsFor("external-outage");
  assert.ok(system !== undefined);

  const client = ecsCaller(system, "arn:aws:nowhere");

  assert.deepEqual(atIfAny({ client }, "client", { "ecs-scale-out": "harms" }), []);
  assert.deepEqual(atIfAny({ client: "arn" }, "client", { "ecs-scale-out": "", "ecs-rollback": "nothing" }), [
    { runbook: "ecs-rollback", at: "client", does: "nothing" },
  ]);
});
