import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AlarmTransition } from "./evidence.ts";
import { MINUTE_MS, OPENED_MS, settingsWith } from "./example.fixture.ts";
import { flapsIn, restraintOf } from "./restraint.ts";

const settings = settingsWith();
const { flap } = settings;
const NOW_MS = OPENED_MS + 20 * MINUTE_MS;
const went = (key: string, minute: number, to: AlarmTransition["to"] = "ALARM"): AlarmTransition => ({
  ...{ key, atMs: OPENED_MS + minute * MINUTE_MS, from: to === "ALARM" ? "OK" : "ALARM", to },
});
const ringsAt = (...minutes: readonly number[]) => minutes.map((minute) => OPENED_MS + minute * MINUTE_MS);

test("flaps are the times that one alarm went to ALARM within the window, whoever tells of them", () => {
  const history = [went("a", 1), went("a", 6), went("a", 7, "OK"), went("a", 8), went("a", 9)];

  const counted = [
    flapsIn(flap, history, {}, NOW_MS),
    flapsIn(flap, [], { a: ringsAt(1, 6, 8, 9) }, NOW_MS),
    flapsIn(flap, history, { a: ringsAt(8, 9, 10) }, NOW_MS),
    flapsIn(flap, [], {}, NOW_MS),
  ];

  assert.deepEqual(counted, [3, 3, 3, 0]);
});

test("many alarms that ring once each do not flap, and an ALARM that stays is no new one", () => {
  const keys = ["a", "b", "c", "d", "e"];
  const once = keys.map((key) => went(key, 10));
  const released: AlarmTransition = { ...went("a", 12), from: "ALARM" };

  const flaps = flapsIn(flap, [...once, released], Object.fromEntries(keys.map((key) => [key, ringsAt(11)])), NOW_MS);

  assert.equal(flaps, 1);
});

test("more changes and a wider window never count fewer flaps", () => {
  const minutes = fc.array(fc.integer({ min: -60, max: 25 }), { maxLength: 12 });
  fc.assert(
    fc.property(minutes, minutes, fc.nat(3600), (past, delivered, wider) => {
      const history = past.map((minute) => went("a", minute));

      const all = flapsIn(flap, history, { a: ringsAt(...delivered) }, NOW_MS);

      assert.ok(all >= flapsIn(flap, history.slice(1), { a: ringsAt(...delivered.slice(1)) }, NOW_MS));
      assert.ok(
        all <= flapsIn({ ...flap, seconds: flap.seconds + wider }, history, { a: ringsAt(...delivered) }, NOW_MS),
      );
    }),
  );
});

test("an alarm that rang as often as the limit says is restrained with its numbers, and once fewer is not", () => {
  const restrained = [flap.alarms - 1, flap.alarms].map((flaps) => restraintOf(settings, flaps, false));

  assert.deepEqual(restrained, [null, { code: "flapping", detail: "the alarm went to ALARM 4 times in 15 min" }]);
});

test("a storm restrains every incident, whether its alarm flaps or not", () => {
  const codes = [0, 9].map((flaps) => restraintOf(settings, flaps, true)?.code);

  assert.deepEqual(codes, ["storm", "storm"]);
});
