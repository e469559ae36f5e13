import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { Context } from "../../functions/core/context.ts";
import type { Change } from "../../functions/core/evidence.ts";
import {
  CANDIDATE_FEATURES,
  encodeCandidate,
  encodeState,
  FEATURE_SCHEMA,
  FEATURES_HASH,
  STATE_FEATURES,
} from "../../functions/core/features.ts";
import { hashOf, sha256 } from "../../functions/core/ids.ts";
import { pastOf } from "../../functions/core/track-record.ts";
import { FAULTS } from "../../functions/world/faults/all-faults.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import { type Moment, momentsOf } from "./scenes.fixture.ts";
import { FEATURES_FILE, featuresFile } from "./write-features.ts";

const moments: readonly Moment[] = await momentsOf(
  FAULTS.map(({ id }) => id),
  3,
);
const AT_ALL = fc.constantFrom(...moments);

/** Runs of every runbook, some of which helped or harmed. */
const runs = catalogue.runbooks.flatMap(({ id }, i) =>
  Array.from({ length: 1 + (i % 5) }, (_, n) => ({
    ...{ incidentId: `quell-${i}-${n}`, runbook: id, decidedAtMs: 0, maturedAtMs: 0 },
    ...{ alarmClass: n % 2 === 0 ? ("errors" as const) : null, helped: n % 3 === 0, harmed: n === 1 },
  })),
);

const pastAt = ({ nowMs }: Context, isMissing: boolean) => {
  const [decidedAtMs, maturedAtMs] = [nowMs - 3 * 86_400_000, nowMs - 86_400_000];
  return pastOf(isMissing ? null : runs.map((run) => ({ ...run, decidedAtMs, maturedAtMs })), {
    nowMs,
    incidentId: "quell-test",
  });
};

type Vectors = Readonly<{ state: readonly number[]; candidates: readonly (readonly number[])[] }>;

const vectorsOf = ({ context, candidates }: Moment): Vectors => {
  const beside = { candidates, past: pastAt(context, context.missing.length > 0) };
  return {
    state: encodeState(context),
    candidates: candidates.map((one) => encodeCandidate(context, one, catalogue, beside)),
  };
};

const all: readonly Vectors[] = moments.map(vectorsOf);
const SIDES = [
  { of: "state", schema: FEATURE_SCHEMA.state, rows: all.map(({ state }) => state) },
  { of: "candidate", schema: FEATURE_SCHEMA.candidate, rows: all.flatMap(({ candidates }) => candidates) },
];

test("the file that Python reads is what is encoded here, name by name, and its hash is the one in every row", () => {
  const text = readFileSync(FEATURES_FILE, "utf8");
  const file = JSON.parse(text);

  assert.equal(text, featuresFile(), "run: node policies/qnet/write-features.ts");
  assert.deepEqual(
    file.state.map(({ name }: { name: string }) => name),
    STATE_FEATURES,
  );
  assert.deepEqual(
    file.candidate.map(({ name }: { name: string }) => name),
    CANDIDATE_FEATURES,
  );
  assert.equal(hashOf(file), FEATURES_HASH);
  assert.match(text, /^[\x20-\x7e\n]*$/);
});

test("the moments are many: of every fault that rings, first and later decisions", () => {
  assert.ok(moments.length >= 4 * FAULTS.length, `${moments.length}`);
});

for (const { of, schema, rows } of SIDES)
  test(`every feature of a ${of} is a number inside its range in every moment`, () => {
    for (const row of rows) {
      assert.equal(row.length, schema.length);
      for (const [i, { name, min, max }] of schema.entries()) {
        const value = row[i] ?? Number.NaN;
        assert.ok(value >= min && value <= max, `${name} is ${value}`);
      }
    }
  });

/** The flags of one alarm or another: a whole one-hot, though no alarm of the simulated world watches these. */
const NEVER_RINGS: readonly string[] = [
  ...["alarmTraffic", "alarmMemory", "alarmBorrowing", "alarmHosts", "alarmMisses", "alarmEvictions", "alarmDisk"],
  ...["alarmConcurrency", "alarmAtInstances", "alarmAtProxies", "alarmAtConfigurations"],
];

for (const { of, schema, rows } of SIDES)
  test(`every feature of a ${of} tells some moments apart`, () => {
    const constant = schema.flatMap(({ name }, i) => (new Set(rows.map((row) => row[i])).size === 1 ? [name] : []));

    assert.deepEqual(
      constant.filter((name) => !NEVER_RINGS.includes(name)),
      [],
    );
  });

const someText = fc.string({ unit: "grapheme", maxLength: 30 });

test("no free text: whatever anybody writes anywhere, the vectors are the same", () => {
  fc.assert(
    fc.property(AT_ALL, someText, (moment, text) => {
      const { context } = moment;
      const said: Context = {
        ...context,
        logs: context.logs.map((one) => ({ ...one, template: text })),
        changes: context.changes.map((one) => ({ ...one, title: text, author: text, ref: text })),
        words: context.words.map((one) => ({ ...one, name: text, description: text, reason: text })),
        resources: context.resources.map((one) => ({ ...one, tags: { [text]: text } })),
        missing: context.missing.map((one) => ({ ...one, because: text })),
      };
      const candidates = moment.candidates.map((one) => ({ ...one, because: text, says: text, evidence: [text] }));

      assert.deepEqual(vectorsOf({ context: said, candidates }), vectorsOf(moment));
    }),
  );
});

test("no future: values, changes and alarm states that are stamped after now change nothing", () => {
  const later = fc.array(fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })), { maxLength: 30 });
  fc.assert(
    fc.property(AT_ALL, later, fc.integer({ min: 1, max: 1e7 }), (moment, values, afterMs) => {
      const { context } = moment;
      const atMs = context.nowMs + afterMs;
      const series = context.series.map((one) => {
        const readable = Math.max(0, Math.ceil((context.nowMs - one.fromMs) / (one.periodSeconds * 1000)));
        const padding = Array<null>(Math.max(0, readable - one.values.length)).fill(null);
        return { ...one, values: [...one.values, ...padding, ...values] };
      });
      const changes: readonly Change[] = context.resources.map(({ arn }, i) => ({
        ...{ id: `later-${i}`, kind: "deployment", atMs, target: arn, ref: "", from: "1", to: "2" },
        ...{ author: "", title: "" },
      }));
      const history = [{ key: "later", atMs, from: null, to: "ALARM" as const }];
      const future: Context = {
        ...context,
        ...{ series, changes: [...context.changes, ...changes], history: [...context.history, ...history] },
      };

      assert.deepEqual(vectorsOf({ ...moment, context: future }), vectorsOf(moment));
    }),
  );
});

const frozen = <T>(value: T): T => {
  if (typeof value === "object" && value !== null) for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
};

test("no truth: vectors come from the context's own JSON alone, which nothing changes, at any time, in any order", () => {
  for (const [i, moment] of moments.entries()) {
    if (i % 7 !== 0) continue;
    const copied = frozen(JSON.parse(JSON.stringify(moment)) as Moment);

    assert.deepEqual(vectorsOf(copied), all[i]);
    assert.deepEqual(vectorsOf(copied), all[i]);
  }
});

test("no truth: what two incidents do not show in numbers moves nothing, neither their ids nor their logs", () => {
  fc.assert(
    fc.property(AT_ALL, AT_ALL, (moment, { context: { incidentId, logs, words, history } }) => {
      const context = { ...moment.context, incidentId: `${incidentId}-other`, logs, words, history };

      assert.deepEqual(vectorsOf({ ...moment, context }), vectorsOf(moment));
    }),
  );
});

test("an unknown runbook scores from what is known: its own code, the riskiest metadata, and the target's evidence", () => {
  fc.assert(
    fc.property(AT_ALL, someText, ({ context, candidates }, runbook) => {
      fc.pre(!catalogue.runbooks.some(({ id }) => id === runbook));
      const effect = candidates.find(({ target }) => target !== null);
      if (effect === undefined) return;

      const known = encodeCandidate(context, effect, catalogue);
      const unknown = encodeCandidate(context, { ...effect, runbook }, catalogue);

      const at = (vector: readonly number[], name: string) => vector[CANDIDATE_FEATURES.indexOf(name)];
      assert.ok(unknown.every(Number.isFinite));
      assert.equal(at(unknown, "runbook"), Number.parseInt(sha256(runbook).slice(0, 6), 16));
      assert.deepEqual(
        ["unknownRunbook", "tier", "measuredTier", "reversible", "interruptedShare", "dataStore"].map((name) =>
          at(unknown, name),
        ),
        [1, 3, 3, 0, 1, 1],
      );
      for (const name of CANDIDATE_FEATURES.filter((one) => /^(target|below|above)/.test(one)))
        assert.equal(at(unknown, name), at(known, name), name);
    }),
  );
});

test("a candidate's vector does not depend on its place in the list", () => {
  fc.assert(
    fc.property(AT_ALL, (moment) => {
      const turned = vectorsOf({ ...moment, candidates: moment.candidates.toReversed() });

      assert.deepEqual(turned.candidates.toReversed(), vectorsOf(moment).candidates);
    }),
  );
});

test("two runbooks of the catalogue never share a code", () => {
  const codes = catalogue.runbooks.map(({ id }) => sha256(id).slice(0, 6));

  assert.equal(new Set(codes).size, codes.length);
});
