import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Context } from "./context.ts";
import type { Change } from "./evidence.ts";
import {
  candidateWith,
  catalogue,
  contextWith,
  ERRORS,
  LATENCY,
  OPENED_MS,
  PAGE,
  REQUESTS,
  resourceWith,
  seriesOf,
  service,
  snapshotWith,
  WAIT,
} from "./example.fixture.ts";
import {
  CANDIDATE_FEATURES,
  encodeCandidate,
  encodeState,
  FEATURE_SCHEMA,
  FEATURES_HASH,
  STATE_FEATURES,
} from "./features.ts";
import { hashOf } from "./ids.ts";

const DAY_MS = 86_400_000;
const number = fc.option(fc.double());
const text = fc.string({ unit: "grapheme", maxLength: 20 });

const change: fc.Arbitrary<Change> = fc.record({
  id: text,
  kind: fc.constantFrom("deployment", "commit", "config"),
  atMs: fc.integer({ min: OPENED_MS - 9 * DAY_MS, max: OPENED_MS + 9 * DAY_MS }),
  target: text,
  ref: text,
  from: fc.option(text),
  to: fc.option(text),
  author: text,
  title: text,
});

const context: fc.Arbitrary<Context> = fc
  .record({
    step: fc.nat(9),
    nowMs: fc.integer({ min: OPENED_MS, max: OPENED_MS + 30 * DAY_MS }),
    severity: fc.constantFrom(1, 2, 3, 4),
    alarms: fc.nat(80),
    changes: fc.array(change, { maxLength: 5 }),
    values: fc.array(fc.tuple(number, number, number), { maxLength: 20 }),
    missing: fc.array(fc.record({ source: text, because: text }), { maxLength: 20 }),
    flaps: fc.nat(99),
  })
  .map(({ severity, alarms, values, nowMs, ...rest }) =>
    contextWith({
      ...rest,
      nowMs,
      service: { ...service, severity },
      alarms: Array.from({ length: alarms }, () => snapshotWith()),
      series: [ERRORS, REQUESTS, LATENCY].map((metric, i) =>
        seriesOf(
          metric,
          nowMs - 10 * 60_000,
          values.map((value) => value[i] ?? null),
        ),
      ),
    }),
  );

const candidate = fc
  .record({
    fit: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    rank: fc.option(fc.nat(100)),
    recovers: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    because: text,
    evidence: fc.array(text),
    runbook: fc.constantFrom("restart", "unknown"),
  })
  .map(candidateWith);

test("every feature of any situation is a number inside the range that the schema names", () => {
  fc.assert(
    fc.property(context, (situation) => {
      const vector = encodeState(situation);

      assert.equal(vector.length, FEATURE_SCHEMA.state.length);
      vector.forEach((value, i) => {
        const { name, min, max } = FEATURE_SCHEMA.state[i] ?? { name: "none", min: 1, max: 0 };
        assert.ok(value >= min && value <= max, `${name} is ${value}`);
      });
    }),
  );
});

test("every feature of any candidate is a number inside the range that the schema names", () => {
  fc.assert(
    fc.property(context, fc.oneof(candidate, fc.constantFrom(WAIT, PAGE)), (situation, one) => {
      const vector = encodeCandidate(situation, one, catalogue);

      assert.equal(vector.length, FEATURE_SCHEMA.candidate.length);
      vector.forEach((value, i) => {
        const { name, min, max } = FEATURE_SCHEMA.candidate[i] ?? { name: "none", min: 1, max: 0 };
        assert.ok(value >= min && value <= max, `${name} is ${value}`);
      });
    }),
  );
});

test("no word of anybody moves a feature: titles, authors, reasons, logs and tags are not seen", () => {
  fc.assert(
    fc.property(context, candidate, text, (situation, one, words) => {
      const said: Context = {
        ...situation,
        changes: situation.changes.map((other) => ({ ...other, title: words, author: words, ref: words })),
        logs: [{ id: words, logGroup: words, template: words, count: 9, lastAtMs: 0 }],
        resources: [resourceWith({ tags: { words } })],
        missing: situation.missing.map((other) => ({ ...other, because: words })),
      };

      const vectors = [
        encodeState(said),
        encodeCandidate(said, { ...one, because: words, evidence: [words] }, catalogue),
      ];

      assert.deepEqual(vectors, [encodeState(situation), encodeCandidate(situation, one, catalogue)]);
    }),
  );
});

test("nothing that is stamped later than now moves a feature of the SLIs", () => {
  const situation = contextWith();
  const future = situation.series.map((one) => ({ ...one, values: [...one.values, 9e9, 9e9, 9e9] }));

  const vector = encodeState({ ...situation, series: future });

  assert.deepEqual(vector, encodeState(situation));
});

test("a number that is none stays none, so that choose can abstain", () => {
  const broken = contextWith({ nowMs: Number.NaN, series: [] });

  const vectors = [
    encodeState(broken),
    encodeCandidate(contextWith(), candidateWith({ fit: Number.NaN }), catalogue),
    encodeCandidate(contextWith(), candidateWith({ fit: Number.POSITIVE_INFINITY }), catalogue),
  ];

  assert.ok(vectors.every((vector) => vector.some(Number.isNaN)));
});

test("a known situation is encoded to known numbers", () => {
  const situation = contextWith({
    step: 2,
    flaps: 3,
    tried: [{ step: 0, runbook: "restart", target: candidateWith().target, outcome: "rolled-back" }],
    missing: [{ source: "logs", because: "down" }],
    alarms: [snapshotWith(), snapshotWith({ state: "OK" })],
  });
  const named = (names: readonly string[], vector: readonly number[]) =>
    Object.fromEntries(names.map((name, i) => [name, vector[i]]));

  const state = named(STATE_FEATURES, encodeState(situation));
  const one = named(
    CANDIDATE_FEATURES,
    encodeCandidate(situation, candidateWith({ rank: 1, recovers: 0.4 }), catalogue),
  );

  assert.deepEqual(state, {
    severity: 2,
    step: 2,
    elapsed: 10,
    alarmsRinging: 1,
    newestChangeAge: 1440,
    changes: 0,
    sourcesMissing: 1,
    slisBreached: 0.5,
    worstShortfall: 0.1,
    slisUnread: 0,
    hour: 10,
    flaps: 3,
  });
  assert.deepEqual(one, {
    fit: 0.9,
    fitMissing: 0,
    drafterRank: 1,
    effect: 1,
    pages: 0,
    tier: 0,
    reversible: 1,
    expectedMinutes: 5,
    triedBefore: 1,
    drafterRecovers: 0.4,
    drafterRecoversMissing: 0,
  });
});

test("the schema names every feature once, with a unit and a range, and its hash is its own", () => {
  const all = [...FEATURE_SCHEMA.state, ...FEATURE_SCHEMA.candidate];

  const names = all.map(({ name }) => name);

  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(names, [...STATE_FEATURES, ...CANDIDATE_FEATURES]);
  assert.ok(all.every(({ unit, min, max }) => unit !== "" && min < max));
  assert.equal(FEATURES_HASH, hashOf(FEATURE_SCHEMA));
});
