import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { alarmWith } from "./example.fixture.ts";
import { type Ingested, ingestConfigurationChange, ingestStateChange, inOrder, newsOf, notAnAlarm } from "./ingest.ts";

it("what arrived together is put in the order in which it happened, and what happened at once stays as it came", () => {
  const times = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 12 });

  fc.assert(
    fc.property(times, (each) => {
      const arrived = each.map((atMs, index) => ({
        index,
        ingested: ingestStateChange(alarmWith({ changedAtMs: atMs })),
      }));

      const ordered = inOrder(arrived);

      const slow = [1, 2, 3, 4, 5].flatMap((atMs) => arrived.filter(({ index }) => each[index] === atMs));
      assert.deepEqual(ordered, slow);
    }),
  );
});

it("a deletion happened when the alarm was deleted, not when it last changed its state", () => {
  const deletion = ingestConfigurationChange(alarmWith({ changedAtMs: 1 }), 3);
  const changed = ingestStateChange(alarmWith({ changedAtMs: 2 }));

  const ordered = inOrder([deletion, changed].map((ingested) => ({ ingested })));

  assert.deepEqual(
    ordered.map(({ ingested }) => ingested),
    [changed, deletion],
  );
});

it("only an alarm's change and an alarm's end are news", () => {
  const alarm = alarmWith();
  const delivered: readonly Ingested[] = [
    ingestStateChange(alarm),
    ingestStateChange({ ...alarm, state: "OK" }),
    ingestConfigurationChange(alarm, 7),
    ingestStateChange({ ...alarm, muted: true }),
    ingestConfigurationChange(alarm, null),
    ingestConfigurationChange(null, 7),
    notAnAlarm,
    { kind: "invalid", reason: "/region: missing" },
  ];

  const news = delivered.map((ingested) => typeof newsOf(ingested));

  assert.deepEqual(news, [...Array(3).fill("object"), ...Array(5).fill("string")]);
});
