import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { alarmKey, base32, decisionId, effectKey, hashOf, incidentId, isoTime, sha256 } from "./ids.ts";

/** RFC 4648 by the book: all bits in one text, five at a time. */
const slowBase32 = (bytes: Uint8Array): string => {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => "abcdefghijklmnopqrstuvwxyz234567"[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
};

test("base32 equals a slow version that writes out every bit", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const text = base32(bytes);

      assert.equal(text, slowBase32(bytes));
    }),
  );
});

test("base32 gives the vectors of RFC 4648 in lower case, without padding", () => {
  const words = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];

  const texts = words.map((word) => base32(Buffer.from(word)));

  assert.deepEqual(texts, ["", "my", "mzxq", "mzxw6", "mzxw6yq", "mzxw6ytb", "mzxw6ytboi"]);
});

test("an incident is named by 26 characters of its key and opening time, as node:crypto computes them", () => {
  const key = "123456789012/eu-west-1/api-5xx";
  const openedAtMs = Date.UTC(2026, 0, 5, 10, 4, 40, 989);
  const digest = createHash("sha256").update("123456789012/eu-west-1/api-5xx|2026-01-05T10:04:40.989Z").digest();

  const id = incidentId(key, openedAtMs);

  assert.equal(id, `quell-${slowBase32(digest).slice(0, 26)}`);
  assert.equal(id, "quell-kmuocxuwapsdn52apsmexsqld4");
});

test("another alarm or another millisecond is another incident", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(), (key, atMs, laterMs) => {
      fc.pre(laterMs > 0);

      const ids = [incidentId(key, atMs), incidentId(key, atMs + laterMs), incidentId(`${key}x`, atMs)];

      assert.equal(new Set(ids).size, 3);
      assert.ok(ids.every((id) => /^quell-[a-z2-7]{26}$/.test(id)));
    }),
  );
});

test("a hash is that of RFC 8785's text: members by UTF-16 code units, numbers in their shortest form", () => {
  const value = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7, n: 1e21 };
  const canonical = '{"\\r":2,"1":4,"n":1e+21,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}';

  const hash = hashOf(value);

  assert.equal(hash, createHash("sha256").update(canonical, "utf8").digest("hex"));
});

test("the order in which an object's members were written never changes its hash", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), (object) => {
      const reversed = Object.fromEntries(Object.entries(object).reverse());

      assert.equal(hashOf(reversed), hashOf(object));
    }),
  );
});

test("what JSON cannot hold has no hash", () => {
  for (const value of [undefined, () => 1, Number.NaN, Number.POSITIVE_INFINITY, { a: Number.NaN }, 1n])
    assert.throws(() => hashOf(value), Error);
});

test("sha256 of a text is that of its UTF-8 bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const hashes = [sha256(text), sha256(Buffer.from(text, "utf8"))];

      assert.equal(hashes[0], hashes[1]);
    }),
  );
});

test("times are written in UTC with milliseconds", () => {
  const text = isoTime(0);

  assert.equal(text, "1970-01-01T00:00:00.000Z");
});

test("an alarm's key names account, Region and alarm, and the contributor where there is one", () => {
  const alarm = { account: "1", region: "r", alarmName: "a/b", contributorId: null };

  const keys = [alarmKey(alarm), alarmKey({ ...alarm, contributorId: "c" })];

  assert.deepEqual(keys, ["1/r/a/b", "1/r/a/b/c"]);
});

test("a decision is named by its incident and step", () => {
  const id = decisionId("quell-a", 3);

  assert.equal(id, "quell-a/3");
});

test("an effect's key is a version 5 UUID, the same for the same incident, plan and attempt alone", () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const asked = [["i", "p", 1] as const, ["i", "p", 2] as const, ["i", "q", 1] as const, ["j", "p", 1] as const];

  const keys = asked.map((one) => effectKey(one[0], one[1], one[2]));

  assert.ok(keys.every((key) => uuid.test(key)));
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(effectKey("i", "p", 1), keys[0]);
});
