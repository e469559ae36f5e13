import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "./json.ts";
import { admit, recordAnswer, recordSilence } from "./provider-breaker.ts";

const MINUTE = 60_000;

/** The item after these incidents got no answer, one after the other, at `nowMs`. */
const silentFor = (incidents: readonly string[], nowMs = 0): Json | null =>
  incidents.reduce<Json | null>((item, one) => recordSilence(item, one, "overloaded", nowMs).write, null);

const isAdmitted = (item: Json | null, incident: string, nowMs: number): boolean =>
  !("untilMs" in admit(item, incident, nowMs));

test("three incidents in a row without an answer open it for five minutes, one incident alone never does", () => {
  const cases = [
    ["a", "b"],
    ["a", "a", "a", "a"],
    ["a", "b", "a", "b"],
    ["a", "b", "c"],
  ];

  const admitted = cases.map((incidents) => isAdmitted(silentFor(incidents), "d", MINUTE));

  assert.deepEqual(admitted, [true, true, true, false]);
  assert.deepEqual(admit(silentFor(["a", "b", "c"]), "d", MINUTE), {
    ...{ stop: "open", code: "overloaded", untilMs: 5 * MINUTE },
  });
});

test("after five minutes one incident tries, and the others do not wait for it", () => {
  const open = silentFor(["a", "b", "c"]);

  const probe = admit(open, "d", 5 * MINUTE);
  assert.ok("write" in probe);
  const others = ["e", "f"].map((incident) => isAdmitted(probe.write, incident, 5 * MINUTE + 1));
  const itself = isAdmitted(probe.write, "d", 5 * MINUTE + 1);

  assert.deepEqual([others, itself], [[false, false], true]);
});

test("a probe that fails keeps it open for another five minutes, one that is answered closes it", () => {
  const probe = admit(silentFor(["a", "b", "c"]), "d", 5 * MINUTE);
  assert.ok("write" in probe);

  const failed = recordSilence(probe.write, "d", "unreachable", 6 * MINUTE).write;
  const answered = recordAnswer(probe.write);

  assert.deepEqual(admit(failed, "d", 7 * MINUTE), { stop: "open", code: "unreachable", untilMs: 11 * MINUTE });
  assert.ok("write" in answered && isAdmitted(answered.write, "e", 7 * MINUTE));
});

test("an answer between failures forgets them, and without failures writes nothing", () => {
  const answered = recordAnswer(silentFor(["a", "b"]));
  assert.ok("write" in answered);
  const after = recordSilence(answered.write, "c", "overloaded", 0).write;

  assert.ok(isAdmitted(after, "d", 0));
  assert.deepEqual(recordAnswer(null), { stop: "closed" });
});

test("whatever clocks opened it, nobody is kept out by it for longer than five minutes", () => {
  const times = fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(times, fc.integer({ min: -1e9, max: 1e9 }), (opened, nowMs) => {
      const item = opened.reduce<Json | null>(
        (held, atMs, i) => recordSilence(held, `${i}`, "overloaded", atMs).write,
        null,
      );

      const answers = [nowMs, nowMs + 5 * MINUTE].map((atMs) => isAdmitted(item, "x", atMs));

      assert.ok(answers.includes(true));
    }),
  );
});

test("a damaged item is an error for its caller to judge", () => {
  for (const item of [{}, [], 0] as const) assert.throws(() => admit(item as Json, "a", 0));
});
