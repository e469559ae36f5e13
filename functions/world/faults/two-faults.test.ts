import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarioWith } from "../scenario.ts";
import { MINUTE_MS, type World } from "../state.ts";
import { advance, createWorld } from "../world.ts";
import { faultNamed } from "./all-faults.ts";
import { numberOf } from "./fault.ts";

/** Whether each of the world's faults is present, in the order of their onsets. */
const presence = (world: World): readonly boolean[] =>
  world.faults.map((active) => faultNamed(active.id)?.isPresent(world, active) === true);

for (const blip of ["transient-blip", "deploy-blip"]) {
  test(`a ${blip} is present until its own end, whatever else still lasts`, () => {
    for (let index = 0; index < 20; index += 1) {
      // Packets are lost from eight minutes after it at the latest, and for longer than any blip lasts.
      const scenario = scenarioWith(61, index, `${blip}+packet-loss`);
      const world = createWorld(scenario);
      const minutes = numberOf(scenario.faults[0]?.parameters ?? {}, "minutes");

      advance(world, scenario.onsetMs + (minutes - 1) * MINUTE_MS);
      const during = presence(world)[0];
      advance(world, scenario.onsetMs + 17 * MINUTE_MS);
      const after = presence(world);

      assert.equal(during, true, `scenario ${index}`);
      assert.deepEqual(after, [false, true], `scenario ${index}`);
    }
  });
}
