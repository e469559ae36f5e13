import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { parseTimestamp } from "./timestamp.ts";

it("a time reads the same with and without a colon in its offset, and as UTC", () => {
  const written = [
    "2019-10-02T17:04:40.989+0000",
    "2019-10-02T17:04:40.989Z",
    "2019-10-02T19:04:40.989999+02:00",
    "2019-10-02T11:34:40.989-0530",
  ];

  const times = written.map(parseTimestamp);

  assert.deepEqual(times, Array(4).fill(Date.UTC(2019, 9, 2, 17, 4, 40, 989)));
});

it("a time that does not exist, or names no offset, is none", () => {
  const written = ["2019-02-31T00:00:00Z", "2019-10-02T25:00:00Z", "2019-10-02T17:04:40", "2019-10-02", "", "1e3"];

  const times = written.map(parseTimestamp);

  assert.deepEqual(times, Array(6).fill(null));
});

it("every time that Quell writes reads back", () => {
  const times = fc.date({ min: new Date(0), max: new Date("2200-01-01T00:00:00Z"), noInvalidDate: true });

  fc.assert(fc.property(times, (time) => assert.equal(parseTimestamp(time.toISOString()), time.getTime())));
});
