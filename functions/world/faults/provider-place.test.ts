import assert from "node:assert/strict";
import { test } from "node:test";
import { isAskedByWorkers } from "./call-place.ts";
import { providerPlace } from "./provider-place.ts";
import { systemsFor } from "./systems.fixture.ts";

test("a provider that workers call is chosen only where they call all of them", () => {
  for (const system of systemsFor("external-outage")) {
    const { arn, kind } = providerPlace(system, "s");

    const all = system.states.filter((state) => state.kind === kind);
    assert.ok(!isAskedByWorkers(system, arn) || all.every((one) => isAskedByWorkers(system, one.arn)));
  }
});
