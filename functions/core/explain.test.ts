import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  allow,
  candidateWith,
  catalogue,
  decisionFor,
  deedWith,
  learntScore,
  limitsWith,
  OPENED_MS,
  PAGE,
  refuse,
  WAIT,
} from "./example.fixture.ts";
import { explain, prospectWords, runnerUpOf } from "./explain.ts";
import { prospectOf } from "./prospect.ts";
import { decisionRecord } from "./record.ts";
import { difference } from "./share-interval.ts";
import type { Estimate, Outlook, Score, Verdict } from "./stages.ts";
import { restored } from "./stored-decision.ts";
import { type PastRun, pastOf } from "./track-record.ts";

const limits = limitsWith();
const chosen = learntScore(-0.5, {
  value: { mean: -0.58, low: -0.7, high: -0.46 },
  recovers: { mean: 0.71, low: 0.6, high: 0.8 },
  harms: { mean: 0.3, low: 0.22, high: 0.41 },
});
const waiting = (changes: Partial<Outlook> = {}): Score =>
  learntScore(-0.9, { recovers: { mean: 0.19, low: 0.1, high: 0.25 }, ...changes });
const paging = learntScore(-1, { value: { mean: -1, low: -1.2, high: -0.82 } });
const other = candidateWith({ params: { Service: "other" } });

type Priced = readonly (readonly [Verdict, Score])[];
const scene = (...more: Priced): Priced => [
  [allow(candidateWith()), chosen],
  ...more,
  [allow(WAIT), waiting()],
  [allow(PAGE), paging],
];

const run = (changes: Partial<PastRun>): PastRun => ({
  ...{ incidentId: "earlier", runbook: "restart", alarmClass: "errors", decidedAtMs: OPENED_MS - 9 },
  ...{ maturedAtMs: OPENED_MS - 1, helped: true, harmed: false },
  ...changes,
});
const runs = (count: number, helped: number, changes: Partial<PastRun> = {}): readonly PastRun[] =>
  Array.from({ length: count }, (_, n) => run({ ...changes, helped: n < helped }));
const pastWith = (...some: readonly PastRun[]) => pastOf(some, { nowMs: OPENED_MS, incidentId: "quell-test" });
const told = (priced: Priced, ...some: readonly PastRun[]) => {
  const explanation = explain(catalogue, decisionFor(priced, { limits }, pastWith(...some)));
  return explanation.chosen === null ? [] : prospectWords(explanation.chosen);
};

test("what was chosen is told in numbers: against a person, against waiting, its harm and the runs behind it", () => {
  const words = told(scene(), ...runs(12, 9), ...runs(7, 2, { alarmClass: "latency" }));

  assert.deepEqual(words, [
    "better than calling a person by 0.42 (0.20 to 0.65)",
    "recovers in 71 of 100 (60 to 80)",
    "52 of 100 more than recover by waiting (39 to 65)",
    "undone, worse or unknown after in 30 of 100 (22 to 41)",
    "12 earlier runs here on such alarms, 9 helped",
  ]);
});

test("what is worse is told as worse, and one run is not told as many", () => {
  const poor = learntScore(0, {
    value: { mean: -1.5, low: -1.6, high: -1.3 },
    recovers: { mean: 0.1, low: 0, high: 0.2 },
  });

  const words = told([[allow(candidateWith()), poor], ...scene().slice(1)], ...runs(1, 0));

  assert.match(words[0] ?? "", /^worse than calling a person by 0\.50 \(0\.22 to 0\.71\)$/);
  assert.match(words[2] ?? "", /^9 of 100 fewer than recover by waiting \(-4 to 21\)$/);
  assert.equal(words.at(-1), "1 earlier run here on such alarms, 0 helped");
});

test("where people seldom waited, or nobody could, uplift is not known, and why is told", () => {
  const [first] = scene();
  assert.ok(first !== undefined);
  const scenes: readonly Priced[] = [
    [first, [allow(WAIT), waiting({ support: 0.049 })], [allow(PAGE), paging]],
    [first, [refuse(WAIT), { q: { mean: 0, sd: 0 } }], [allow(PAGE), paging]],
    [first, [allow(PAGE), paging]],
  ];

  const lines = scenes.map((priced) => told(priced)[2]);

  assert.deepEqual(
    lines,
    ["wait seldom logged here", "waiting was not a choice here", "waiting was not a choice here"].map(
      (why) => `uplift over waiting not known: ${why}`,
    ),
  );
});

test("waiting is told by how often it heals by itself, calling a person by nothing that is not known", () => {
  const [, wait, page] = [0, 1, 2].map((index) => prospectOf(catalogue, decisionFor(scene(), { limits }), index));

  assert.deepEqual(wait === null || wait === undefined ? [] : prospectWords(wait), [
    "better than calling a person by 0.10 (-0.11 to 0.32)",
    "heals by itself in 19 of 100 (10 to 25)",
  ]);
  assert.deepEqual(page === null || page === undefined ? ["?"] : prospectWords(page), []);
});

test("of a policy that learnt nothing there are the earlier runs, and a record that cannot be read is told as that", () => {
  const plain: Priced = [
    [allow(candidateWith()), { q: { mean: 0.9, sd: 0 } }],
    [allow(PAGE), { q: { mean: 0.5, sd: 0 } }],
  ];
  const unread = explain(catalogue, decisionFor(plain)).chosen;
  const empty = explain(catalogue, decisionFor(plain, {}, pastWith())).chosen;

  assert.deepEqual(unread === null ? [] : prospectWords(unread), ["earlier runs cannot be read"]);
  assert.deepEqual(empty === null ? [] : prospectWords(empty), ["no earlier run here on such alarms"]);
});

const pastRuns = fc.array(
  fc.record({
    runbook: fc.constantFrom("restart", "reboot"),
    alarmClass: fc.constantFrom("errors" as const, "latency" as const, null),
    helped: fc.boolean(),
  }),
  { maxLength: 60 },
);

test("the runs behind a candidate are those that are counted one by one: its runbook, this class, and how many helped", () => {
  fc.assert(
    fc.property(pastRuns, fc.nat(3000), (some, many) => {
      const all = [...some.map(run), ...runs(many, Math.floor(many / 3))];

      const prospect = prospectOf(catalogue, decisionFor(scene(), { limits }, pastWith(...all)), 0);

      const like = all.filter(({ runbook, alarmClass }) => runbook === "restart" && alarmClass === "errors");
      const helped = like.filter((one) => one.helped).length;
      assert.deepEqual(prospect?.similarRuns, { runs: like.length, helped });
    }),
    { numRuns: 300 },
  );
});

const estimate = fc
  .array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 })
  .map((some): Estimate => {
    const [low = 0, mean = 0, high = 0] = some.toSorted((a, b) => a - b);
    return { low, mean, high };
  });

test("a difference lies in its range, the other way round it is its mirror, and a sure subtrahend only moves it", () => {
  fc.assert(
    fc.property(estimate, estimate, (a, b) => {
      const [one, mirrored] = [difference(a, b), difference(b, a)];
      const moved = difference(a, { mean: 1, low: 1, high: 1 });

      assert.ok(one.low <= one.mean && one.mean <= one.high && one.mean === a.mean - b.mean);
      assert.ok(Math.abs(one.low + mirrored.high) < 1e-9 && Math.abs(one.high + mirrored.low) < 1e-9);
      assert.ok(one.high - one.low >= a.high - a.low - 1e-9);
      assert.ok(Math.abs(moved.low - (a.low - 1)) < 1e-9 && Math.abs(moved.high - (a.high - 1)) < 1e-9);
    }),
  );
});

/** Newcombe 1998, table II, (a) 56/70 - 48/80: method 10 gives 0.0524 to 0.3339 from the Wilson intervals of both. */
const wilson = (hits: number, of: number): Estimate => {
  const [z, share] = [1.959964, hits / of];
  const middle = (share + z ** 2 / (2 * of)) / (1 + z ** 2 / of);
  const half = (z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2))) / (1 + z ** 2 / of);
  return { mean: share, low: middle - half, high: middle + half };
};

test("the difference of two shares has the range that its source gives for them", () => {
  const { mean, low, high } = difference(wilson(56, 70), wilson(48, 80));

  assert.deepEqual(
    [mean, low, high].map((one) => one.toFixed(4)),
    ["0.2000", "0.0524", "0.3339"],
  );
});

const LOSERS: readonly (readonly [string, Priced, string])[] = [
  ["is refused", scene([refuse(other), learntScore(-0.4)]), "refused: it is refused"],
  [
    "is too likely to harm",
    scene([allow(other), learntScore(-0.4, { harms: { mean: 0.4, low: 0.2, high: 0.62 } })]),
    "left out: harm in up to 62 of 100 such runs, 50 allowed at tier 0",
  ],
  ["is worth less", scene([allow(other), learntScore(-0.62)]), "lower by 0.12"],
  ["is worth hardly less", scene([allow(other), learntScore(-0.504)]), "lower by less than 0.01"],
  ["is worth the same", scene([allow(other), learntScore(-0.5)]), "level, and later in the list"],
  [
    "is worth less and would have been asked about",
    scene([allow(other), learntScore(-0.62, { distance: 12 })]),
    "lower by 0.12, and a person would have been asked: " +
      "the scene is 12 from the scenes that were learnt from, 10 allowed",
  ],
];

for (const [name, priced, lost] of LOSERS)
  test(`the runner-up that ${name} is told with why it lost`, () => {
    const decision = decisionFor(priced, { limits });

    const runnerUp = runnerUpOf(catalogue, decision);

    assert.deepEqual(runnerUp, { index: 1, lost });
  });

test("where something about as good was drawn to learn from it, the best is the runner-up and that is why", () => {
  const draw = { epsilon: 1, delta: 9 };
  const learning = [0, 1, 2, 3, 4].map((step) =>
    decisionFor(scene([allow(other), learntScore(-0.55)]), { limits, draw, step }),
  );
  const explored = learning.filter(({ result }) => result.kind === "chosen" && result.index !== 0);

  const lost = explored.map((decision) => runnerUpOf(catalogue, decision));

  assert.ok(explored.length > 0);
  assert.ok(
    lost.every((one) => one?.index === 0 && /^better by 0\.\d\d, another was drawn to learn from$/.test(one.lost)),
  );
});

test("a decision that was stored before limits, severity and questions were kept is told without them", () => {
  const decision = decisionFor(scene([allow(other), learntScore(-0.62)]), { limits });
  const { limits: _limits, severity: _severity, result, ...older } = JSON.parse(JSON.stringify(decision));
  const { asks: _asks, ...choice } = result;

  const read = restored({ ...older, result: choice });

  assert.deepEqual([read.limits, read.severity, Object(read.result).asks], [null, null, null]);
  assert.equal(runnerUpOf(catalogue, read)?.lost, "lower value");
  const told = decisionRecord(catalogue, { decision: read, deed: deedWith() });
  assert.deepEqual([told.limits, told.severity, told.choice?.asks], [null, null, null]);
  assert.deepEqual(restored(decision), decision);
});

test("an explanation survives the journal: it is the same of a decision that was stored as JSON", () => {
  const decision = decisionFor(scene([allow(other), learntScore(-0.62)]), { limits }, pastWith(...runs(3, 1)));
  const stored = JSON.parse(JSON.stringify(decision)) as typeof decision;

  const explanation = explain(catalogue, stored);

  assert.deepEqual(explanation, explain(catalogue, decision));
});
