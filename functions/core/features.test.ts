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
import { runbookCode } from "./features-candidate.ts";
import { hashOf } from "./ids.ts";
import { pastOf } from "./track-record.ts";

type Described = (typeof FEATURE_SCHEMA.candidate)[number];
const named = (names: readonly string[], vector: readonly number[]) =>
  Object.fromEntries(names.map((name, i) => [name, vector[i]]));
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
  const one = candidateWith({ rank: 1, recovers: 0.4 });

  const state = named(STATE_FEATURES, encodeState(situation));
  const option = named(
    CANDIDATE_FEATURES,
    encodeCandidate(situation, one, catalogue, { candidates: [one, WAIT, PAGE], past: pastOf(null) }),
  );

  assert.partialDeepStrictEqual(state, {
    ...{ severity: 2, step: 2, elapsed: 10, flaps: 3, production: 1, restrained: 0, alarmsRinging: 1 },
    ...{ alarmErrors: 1, alarmLatency: 0, slisBreached: 0.5, worstShortfall: Math.fround(0.1), slisUnread: 0 },
    ...{ errorsBeyondLimit: 1, errorsMissing: 0, trafficMissing: 1, ownContainersCount: Math.fround(Math.log(2)) },
    ...{ sourcesMissing: 1, logsMissing: 1, metricsMissing: 0, triedRolledBack: 1, waited: 0 },
  });
  assert.partialDeepStrictEqual(option, {
    ...{ runbook: runbookCode("restart"), fit: Math.fround(0.9), fitMissing: 0, fitRank: 0, fitGap: 0, rivals: 3 },
    ...{ drafterRank: 1, drafterRecovers: Math.fround(0.4), drafterRecoversMissing: 0, effect: 1, pages: 0, tier: 0 },
    ...{ reversible: 1, undoable: 1, expectedMinutes: 5, triedBefore: 1, triedElsewhere: 0, targetOwn: 1 },
    ...{ hopsBelowAlarm: 0, trackRecordMissing: 1, runs: 0, helped: 0.5, changeBeforeAlarm: 1440 },
  });
});

test("what changes at the alarming metric shows in the state: how far it stands from usual, and since when", () => {
  const minute = (index: number, quiet: number, loud: number): number => (index < 44 ? quiet : loud);
  const series = [ERRORS, REQUESTS].map((metric, of) =>
    seriesOf(
      metric,
      OPENED_MS - 50 * 60_000,
      Array.from({ length: 59 }, (_, i) => (of === 0 ? minute(i, 1, 40) : 100)),
    ),
  );

  const state = named(STATE_FEATURES, encodeState(contextWith({ series })));

  assert.equal(state.alarmDeviation, state.ownErrors);
  assert.ok(Number(state.ownErrors) > 3);
  assert.equal(state.ownTraffic, 0);
  assert.equal(state.troubleBefore, 6);
});

test("a change on the target shows in a candidate's vector, whether its record or only the control plane tells of it", () => {
  const deployedAtMs = OPENED_MS - 5 * 60_000;
  const resource = resourceWith({ attributes: { desiredCount: 4, runningCount: 4, deployedAtMs } });
  const record: Change = {
    ...{ id: "change-1", kind: "deployment", atMs: deployedAtMs, target: resource.arn, ref: "" },
    ...{ from: "api:1", to: "api:2", author: "", title: "" },
  };
  const contexts = [contextWith({ resources: [resource] }), contextWith({ changes: [record] })];

  const [told, recorded] = contexts.map((one) =>
    named(CANDIDATE_FEATURES, encodeCandidate(one, candidateWith(), catalogue)),
  );

  assert.partialDeepStrictEqual(told, { changeBeforeAlarm: 5, deploymentOnTarget: 0, changeFromKnown: 0 });
  assert.partialDeepStrictEqual(recorded, { changeBeforeAlarm: 5, deploymentOnTarget: 1, changeFromKnown: 1 });
});

test("the newest change by now counts, in whatever order changes are told; what is put in place later does not", () => {
  const changes = [5, 40, 20].map(
    (minutes, i): Change => ({
      ...{
        id: `change-${i}`,
        kind: "deployment",
        atMs: OPENED_MS - minutes * 60_000,
        target: resourceWith().arn,
        ref: "",
      },
      ...{ from: null, to: null, author: "", title: "" },
    }),
  );
  const later = resourceWith({ attributes: { deployedAtMs: contextWith().nowMs + 60_000 } });
  const ages = (situation: Context): readonly unknown[] => [
    named(STATE_FEATURES, encodeState(situation)).ownDeploymentAge,
    named(CANDIDATE_FEATURES, encodeCandidate(situation, candidateWith(), catalogue)).changeBeforeAlarm,
  ];

  assert.deepEqual(ages(contextWith({ changes })), [5, 5]);
  assert.deepEqual(ages(contextWith({ changes: changes.toReversed() })), [5, 5]);
  assert.deepEqual(ages(contextWith({ resources: [later] })), [1440, 1440]);
});

test("the wait for an approval is in no vector: it is known only once the guard has spoken", () => {
  assert.deepEqual(
    CANDIDATE_FEATURES.filter((name) => /approv|consent/i.test(name)),
    [],
  );
});

test("the schema names every feature once, with a unit and a range, and its hash is its own", () => {
  const all: readonly Described[] = [...FEATURE_SCHEMA.state, ...FEATURE_SCHEMA.candidate];

  for (const list of [STATE_FEATURES, CANDIDATE_FEATURES]) assert.equal(new Set(list).size, list.length);
  assert.deepEqual(
    all.map(({ name }) => name),
    [...STATE_FEATURES, ...CANDIDATE_FEATURES],
  );
  assert.ok(all.every(({ unit, min, max }) => unit !== "" && min < max));
  assert.deepEqual(
    all.filter(({ kind }) => kind === "code").map(({ name }) => name),
    ["runbook"],
  );
  assert.equal(FEATURES_HASH, hashOf(FEATURE_SCHEMA));
});
