import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { count, crashEverywhere, crashing, placesOf, printCount } from "./crash.fixture.ts";
import { type Flow, play } from "./flow.fixture.ts";
import { fated, PATHS, sideBySide, wrongs } from "./paths.fixture.ts";

// The way through an undo is the longest by far and has a file of its own, so that two cores share the work.
for (const path of PATHS.filter(({ terminal }) => terminal !== "ROLLED_BACK")) crashEverywhere(path);

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

const pairs = Number(process.env.QUELL_CRASH_PAIRS ?? 200);

test("two deaths on one way change nothing of how it ends", async () => {
  const chosen = fc.sample(
    fc.record({
      path: fc.nat({ max: PATHS.length - 1 }),
      // Spread evenly: fast-check's own bias towards small numbers would kill the first steps again and again.
      where: fc.noBias(fc.tuple(fc.nat({ max: 999_999 }), fc.nat({ max: 999_999 }))),
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
    const crashes = where.flatMap((share) => places[Math.floor((share / 1e6) * places.length)] ?? []);
    return { crashes, one: await play(crashing((PATHS[path] as (typeof PATHS)[number]).flow, crashes).flow) };
  });

  count(flown.map(({ one }) => one));
  const deaths = flown.reduce((sum, { one }) => sum + one.deaths, 0);
  assert.ok(deaths >= 1.9 * pairs, `${deaths} deaths in ${pairs} pairs`);
  for (const [index, { crashes, one }] of flown.entries()) {
    assert.deepEqual(wrongs(one), [], `pair ${index}: ${JSON.stringify(crashes)}`);
    assert.deepEqual(
      one.incidents.map((incident) => incident.terminal),
      [PATHS[chosen[index]?.path ?? 0]?.terminal],
      `pair ${index}: ${JSON.stringify(crashes)}`,
    );
  }
});

printCount();
