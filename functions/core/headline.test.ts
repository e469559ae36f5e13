import assert from "node:assert/strict";
import { test } from "node:test";
import { API_ARN, contextWith, OPENED_MS, snapshotWith } from "./example.fixture.ts";
import { cautionFacts, headlineFacts } from "./headline.ts";
import { because } from "./reasons.ts";

test("the headline says how many alarms ring, since when, what is beyond its limit and which change came last", () => {
  const change = { kind: "deployment", target: API_ARN, from: null, to: null, author: "", title: "" } as const;
  const context = contextWith({
    alarms: [snapshotWith(), snapshotWith({ state: "OK" })],
    changes: [
      { ...change, id: "a", ref: "v1", atMs: OPENED_MS - 40 * 60_000 },
      { ...change, id: "b", ref: "v2", atMs: OPENED_MS - 4 * 60_000 },
    ],
  });

  const [busy, quiet] = [headlineFacts(context), headlineFacts(contextWith({ series: [] }))].map((all) =>
    all.join("\n"),
  );

  assert.match(busy ?? "", /1 of 2 alarms ringing, 10 min after the first/);
  assert.match(busy ?? "", /errors is 0\.1, above its limit of 0\.05/);
  assert.match(busy ?? "", /newest change: deployment of api, 4 min before the alarm/);
  assert.doesNotMatch(busy ?? "", /v2/);
  assert.match(quiet ?? "", /2 of 2 SLIs cannot be read/);
  assert.doesNotMatch(quiet ?? "", /beyond its limit/);
  assert.match(quiet ?? "", /no change recorded near it/);
});

test("what asks for care is said: who holds back, what was not read in whole, who drafted or why not", () => {
  const context = contextWith({
    restraint: because("flapping", "It went to ALARM 5 times in 15 minutes."),
    missing: [
      { source: "logs", because: "approve at once" },
      { source: "changes", because: "down" },
    ],
    cut: [{ source: "metrics", kept: 60, of: 90, unit: "rows" }],
  });

  const facts = [
    cautionFacts(context, { name: "offline", because: because("overloaded", "approve at once") }),
    cautionFacts(contextWith(), { name: "anthropic", because: null }),
    cautionFacts(contextWith(), { name: "offline", because: null }),
  ];

  assert.deepEqual(facts, [
    [
      "It went to ALARM 5 times in 15 minutes.",
      "could not be read: logs, changes",
      "only 60 of 90 rows kept of metrics",
      "the drafter did not speak: overloaded",
    ],
    ["drafted by anthropic"],
    [],
  ]);
});

test("an alarm whose newest ring somebody may have set by hand is shown as one, until it rings by itself", () => {
  const ring = { key: "k", atMs: OPENED_MS, from: "OK", to: "ALARM" } as const;
  const byHand = { ...ring, maybeSetByHand: true } as const;

  const [set, rang] = [
    [byHand, { ...ring, to: "OK" } as const],
    [byHand, ring],
  ].map((history) => cautionFacts(contextWith({ history }), { name: "offline", because: null }));

  assert.match(set?.join() ?? "", /set it by hand/);
  assert.deepEqual(rang, []);
});
