import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { evidenceIn, idsIn } from "./citations.ts";
import { contextWith, snapshotWith } from "./example.fixture.ts";
import { toldContext } from "./hosted-drafter.fixture.ts";

test("every ref and every id of what can be cited leads to its id, and a ref wins over an id that looks like one", () => {
  const id = fc.oneof(fc.string(), fc.constantFrom("e1", "e2", "e3", "__proto__"));
  fc.assert(
    fc.property(fc.uniqueArray(id, { maxLength: 5 }), (ids) => {
      const logs = ids.map((one) => ({ id: one, logGroup: "", template: "", count: 1, lastAtMs: 0 }));
      const context = contextWith({ alarms: [], series: [], logs });

      const evidence = evidenceIn(context);
      const idOf = idsIn(context);

      assert.deepEqual(
        evidence.map((one) => [one.ref, idOf(one.ref)]),
        ids.map((one, i) => [`e${i + 1}`, one]),
      );
      for (const one of ids) assert.equal(idOf(one), /^e\d$/.test(one) ? (ids[Number(one[1]) - 1] ?? one) : one);
    }),
  );
});

test("alarms come first, then series, changes and logs, and an alarm is known by its key", () => {
  const evidence = evidenceIn(toldContext("text"));

  assert.deepEqual(
    evidence.map(({ ref, kind, id }) => [ref, kind, id]),
    [
      ["e1", "alarm", snapshotWith().key],
      ["e2", "series", "AWS/ApplicationELB/TargetResponseTime"],
      ["e3", "change", "change-1"],
      ["e4", "log", "log-1"],
    ],
  );
});

test("what the context does not hold has no id", () => {
  const ids = ["e0", "e5", "E1", "log-2", ""].map(idsIn(toldContext("text")));

  assert.deepEqual(ids, [null, null, null, null, null]);
});
