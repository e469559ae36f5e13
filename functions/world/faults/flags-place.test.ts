import assert from "node:assert/strict";
import { test } from "node:test";
import { flagsOf, flagsPlace } from "./flags-place.ts";
import { systemsFor } from "./systems.fixture.ts";

test("flags are those that their user reads", () => {
  for (const system of systemsFor("bad-flag")) {
    const { flags, user } = flagsPlace(system, "s");

    assert.equal(flagsOf(system, user.arn)?.arn, flags.arn);
  }
});
