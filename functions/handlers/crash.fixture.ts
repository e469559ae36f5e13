import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { EngineParts } from "../adapters/durable/engine.ts";
import { type Flow, type Flown, play } from "./flow.fixture.ts";
import { type Fate, fated, type PATHS, sideBySide, wrongs } from "./paths.fixture.ts";

type Crash = Readonly<{ where: "request" | "reply" | "before" | "after"; number: number }>;

/** The same flow, killed at these places; the counts say how many places of each kind there were. */
export const crashing = (flow: Flow, crashes: readonly Crash[]) => {
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

export const placesOf = ({
  checkpoints,
  calls,
}: Readonly<{ checkpoints: number; calls: number }>): readonly Crash[] => [
  ...Array.from({ length: checkpoints }, (_, i) => ({ where: "request" as const, number: i + 1 })),
  ...Array.from({ length: checkpoints }, (_, i) => ({ where: "reply" as const, number: i + 1 })),
  ...Array.from({ length: calls }, (_, i) => ({ where: "before" as const, number: i + 1 })),
  ...Array.from({ length: calls }, (_, i) => ({ where: "after" as const, number: i + 1 })),
];

const totals = { flows: 0, deaths: 0, doubled: 0, lost: 0, open: 0, rows: 0 };

/** Counts before anything is asserted, so that the figures say what happened, not what was hoped. */
export const count = (flown: readonly Flown[]): void => {
  const having = (words: RegExp): number =>
    flown.filter((one) => wrongs(one).some((wrong) => words.test(wrong))).length;
  totals.flows += flown.length;
  totals.deaths += flown.reduce((sum, one) => sum + one.deaths, 0);
  totals.doubled += having(/twice/);
  totals.lost += having(/no incident/);
  totals.open += having(/did not end|execution is/);
  totals.rows += having(/rows/);
};

/** Registers one way to end, disturbed at every place there is on it. */
export const crashEverywhere = ({ terminal, flow }: (typeof PATHS)[number]): void => {
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
    count(disturbed);

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
  });
};

/** Prints what the disturbed flows of this file came to, when they are over. */
export const printCount = (): void => {
  after(() => {
    const { flows, deaths, doubled, lost, open, rows } = totals;
    process.stdout.write(
      `\ncrash harness: ${flows} disturbed flows, ${deaths} sandboxes killed: ` +
        `${doubled} with a doubled effect, ${lost} with a lost incident, ${open} left open, ${rows} without one row a decision\n`,
    );
  });
};
