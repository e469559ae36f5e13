import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import type { EngineParts } from "../adapters/durable/engine.ts";
import { type Flow, type Flown, play } from "./flow.fixture.ts";
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

const totals = { flows: 0, deaths: 0, doubled: 0, lost: 0, open: 0, rows: 0 };

/** Counts before anything is asserted, so that the figures say what happened, not what was hoped. */
const count = (flown: readonly Flown[]): void => {
  const having = (words: RegExp): number =>
    flown.filter((one) => wrongs(one).some((wrong) => words.test(wrong))).length;
  totals.flows += flown.length;
  totals.deaths += flown.reduce((sum, one) => sum + one.deaths, 0);
  totals.doubled += having(/twice/);
  totals.lost += having(/no incident/);
  totals.open += having(/did not end|execution is/);
  totals.rows += having(/rows/);
};

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
}

test("the harness sees an effect that happens twice: an actuator that forgets its token is caught", async () => {
  const [resolved] = PATHS;
  assert.ok(resolved);
  let starts = 0;
  let calls = 0;
  const forgetful: NonNullable<Flow["around"]> = (ports, sandbox) => {
    const start: typeof ports.actuator.start = (request) => {
      starts += 1;
      return ports.actuator.start({ ...request, clientToken: `${request.clientToken}-${starts}` });
    };
    return fated((_, name) => {
      calls += name === "actuator.start" ? 1 : 0;
      return name === "actuator.start" && calls === 1 ? "die-after" : "live";
    })({ ...ports, actuator: { ...ports.actuator, start } }, sandbox);
  };

  const flown = await play({ ...resolved.flow, around: forgetful });

  assert.ok(wrongs(flown).includes("an effect happened twice"), wrongs(flown).join());
});

const pairs = Number(process.env.QUELL_CRASH_PAIRS ?? 60);

test("two deaths on one way change nothing of how it ends", async () => {
  const chosen = fc.sample(
    fc.record({
      path: fc.nat({ max: PATHS.length - 1 }),
      where: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    }),
    { seed: 20260105, numRuns: pairs },
  );
  const clean = await sideBySide(PATHS, async ({ flow }) => {
    const disturbing = crashing(flow, []);
    await play(disturbing.flow);
    return placesOf(disturbing.counts);
  });

  const flown = await sideBySide(chosen, async ({ path, where }) => {
    const places = clean[path] ?? [];
    const crashes = where.flatMap((share) => places[Math.floor(share * (places.length - 1))] ?? []);
    return { crashes, one: await play(crashing((PATHS[path] as (typeof PATHS)[number]).flow, crashes).flow) };
  });

  count(flown.map(({ one }) => one));
  for (const [index, { crashes, one }] of flown.entries()) {
    assert.deepEqual(wrongs(one), [], `pair ${index}: ${JSON.stringify(crashes)}`);
    assert.deepEqual(
      one.incidents.map((incident) => incident.terminal),
      [PATHS[chosen[index]?.path ?? 0]?.terminal],
      `pair ${index}: ${JSON.stringify(crashes)}`,
    );
  }
});

after(() => {
  const { flows, deaths, doubled, lost, open, rows } = totals;
  process.stdout.write(
    `\ncrash harness: ${PATHS.length} paths, ${flows} disturbed flows, ${deaths} sandboxes killed: ` +
      `${doubled} with a doubled effect, ${lost} with a lost incident, ${open} left open, ${rows} without one row a decision\n`,
  );
});
