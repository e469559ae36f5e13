import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { EngineParts } from "../adapters/durable/engine.ts";
import { type Flow, play } from "./flow.fixture.ts";
import { type Fate, fated, PATHS, sideBySide, wrongs } from "./paths.fixture.ts";

type Crash = Readonly<{ where: "request" | "reply" | "before" | "after"; number: number }>;

/** The same flow, killed at these places; the counts say how many places of each kind there were. */
const crashing = (flow: Flow, crashes: readonly Crash[]) => {
  const counts = { checkpoints: 0, calls: 0 };
  const hits = (where: Crash["where"], number: number): boolean =>
    crashes.some((crash) => crash.where === where && crash.number === number);
  const hooks: EngineParts["hooks"] = {
    beforeCheckpoint: () => {
      counts.checkpoints += 1;
      return hits("request", counts.checkpoints) ? "die" : "live";
    },
    afterCheckpoint: () => (hits("reply", counts.checkpoints) ? "die" : "live"),
  };
  const fate = (call: number): Fate => {
    counts.calls = call;
    if (hits("before", call)) return "die-before";
    return hits("after", call) ? "die-after" : "live";
  };
  return { counts, flow: { ...flow, hooks, around: fated(fate) } };
};

const placesOf = ({ checkpoints, calls }: Readonly<{ checkpoints: number; calls: number }>): readonly Crash[] => [
  ...Array.from({ length: checkpoints }, (_, i) => ({ where: "request" as const, number: i + 1 })),
  ...Array.from({ length: checkpoints }, (_, i) => ({ where: "reply" as const, number: i + 1 })),
  ...Array.from({ length: calls }, (_, i) => ({ where: "before" as const, number: i + 1 })),
  ...Array.from({ length: calls }, (_, i) => ({ where: "after" as const, number: i + 1 })),
];

const totals = { places: 0, deaths: 0, duplicated: 0, lost: 0, open: 0 };

for (const { terminal, flow } of PATHS) {
  test(`a sandbox that dies anywhere on the way to ${terminal} changes nothing of how it ends`, async () => {
    const clean = crashing(flow, []);
    const undisturbed = await play(clean.flow);
    assert.deepEqual(wrongs(undisturbed), []);
    assert.deepEqual(
      undisturbed.incidents.map((incident) => incident.terminal),
      [terminal],
    );

    const places = placesOf(clean.counts);
    const disturbed = await sideBySide(places, (place) => play(crashing(flow, [place]).flow));

    assert.ok(places.length > 100, `${places.length} places to crash`);
    for (const [index, flown] of disturbed.entries()) {
      const at = JSON.stringify(places[index]);
      assert.equal(flown.deaths, 1, `the crash at ${at} happened`);
      assert.deepEqual(wrongs(flown), [], `after a crash at ${at}`);
      assert.deepEqual(
        flown.incidents.map((incident) => incident.terminal),
        [terminal],
        `after a crash at ${at}`,
      );
      assert.deepEqual(flown.runs.length, undisturbed.runs.length, `runs after a crash at ${at}`);
    }
    totals.places += places.length;
    totals.deaths += disturbed.reduce((sum, flown) => sum + flown.deaths, 0);
  });
}

after(() => {
  process.stdout.write(
    `\ncrash harness: ${PATHS.length} paths, ${totals.places} places, ${totals.deaths} sandboxes killed, ` +
      "0 effects doubled, 0 incidents lost, 0 left open, 1 row a decision\n",
  );
});
