import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { questionOf } from "./approve.ts";
import { type ChooseInput, type Chosen, choose } from "./choose.ts";
import {
  allow,
  candidateWith,
  chapterWith,
  deedWith,
  learntScore,
  limitsWith,
  PAGE,
  refuse,
  WAIT,
} from "./example.fixture.ts";
import { hashOf } from "./ids.ts";
import { foreseen, type LearntInput, learntInput } from "./learnt.fixture.ts";
import { propensitiesOf } from "./propensity.ts";
import { because, REFUSED } from "./reasons.ts";
import { type DecisionRecord, decisionRecord } from "./record.ts";
import type { Draw, Estimate, Limits, Outlook, Score } from "./stages.ts";

type Priced = ChooseInput["priced"][number];

/** Few values, so that many are equal, and halves, so that sums are exact. */
const rank = fc.integer({ min: -4, max: 0 }).map((half) => half / 2);
const share = fc.constantFrom(0, 0.05, 0.1, 0.3, 0.5, 0.7, 1);
const estimate: fc.Arbitrary<Estimate> = fc
  .array(share, { minLength: 3, maxLength: 3 })
  .map((some) => some.toSorted((a, b) => a - b))
  .map(([low = 0, mean = 0, high = 0]) => ({ low, mean, high }));

const outlook = (members: number, distance: number): fc.Arbitrary<Outlook> =>
  fc.record({
    members: fc.array(rank, { minLength: members, maxLength: members }),
    value: rank.map((mean) => ({ mean, low: mean - 0.5, high: mean + 0.5 })),
    ...{ recovers: estimate, harms: estimate, support: share, distance: fc.constant(distance) },
  });

const limits: fc.Arbitrary<Limits> = fc.record({
  ...{ m: fc.constantFrom(0, 1, 2), delta: fc.constantFrom(-1, 0, 0.5), support: share },
  distance: fc.constantFrom(0, 5),
  tiers: fc
    .array(share, { minLength: 4, maxLength: 4 })
    .map((most) => most.map((maxHarm, tier) => ({ tier: tier as 0 | 1 | 2 | 3, maxHarm }))),
  approval: fc.constantFrom([], [], ["reboot"]),
  asks: fc.constant(null),
});

const exploring = fc.record({
  epsilon: fc.constantFrom(0, 0.1, 0.2, 1),
  delta: fc.constantFrom(0, 0.5, 1, 9),
});
const anyDraw: fc.Arbitrary<Draw> = fc.oneof(fc.constantFrom("best", "uniform"), exploring);

const anEffect = (members: number, distance: number) =>
  fc
    .record({
      runbook: fc.constantFrom("restart", "reboot"),
      n: fc.nat(20),
      isAllowed: fc.constantFrom(true, true, true, false),
      tier: fc.constantFrom(0, 0, 1, 2, 3),
      consents: fc.constantFrom(0, 1, 2),
      code: fc.constantFrom(...REFUSED),
      of: outlook(members, distance),
    })
    .map(({ runbook, n, isAllowed, tier, consents, code, of }) => {
      const candidate = candidateWith({ runbook, params: { Service: `${n}` } });
      const verdict = isAllowed ? allow(candidate, { tier, consents }) : { ...refuse(candidate, code), tier };
      return foreseen(verdict, 0, of);
    });

/** Any scene of a sound model: effects, `wait` allowed or not, `page` allowed as the guard promises, limits and a draw. */
const anyLearnt: fc.Arbitrary<LearntInput> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, 3, 9))
  .chain(([members, distance]) =>
    fc.record({
      effects: fc.array(anEffect(members, distance), { maxLength: 7 }),
      waits: fc.boolean(),
      two: fc.tuple(outlook(members, distance), outlook(members, distance)),
      ...{ limits, draw: anyDraw, severity: fc.integer({ min: 1, max: 4 }), step: fc.nat(5), n: fc.nat(999) },
    }),
  )
  .map(({ effects, waits, two: [waiting, paging], n, ...terms }) =>
    learntInput(
      [...effects, foreseen(waits ? allow(WAIT) : refuse(WAIT), 0, waiting), foreseen(allow(PAGE), 0, paging)],
      { ...terms, incidentId: `quell-${n}` },
    ),
  );

const effect = allow(candidateWith());
const isEffect = ({ verdict }: Pick<Priced, "verdict">): boolean => verdict.candidate.target !== null;
const probabilities = ({ weighed }: Chosen): readonly number[] => weighed.map(({ probability }) => probability);
const codeOf = ({ result }: Chosen): string =>
  result.kind === "abstained"
    ? `${result.because.code}, ${result.falls}`
    : `${result.candidate.runbook}, ${result.asks?.code ?? "unasked"}`;

/** The same scene in which one candidate's outlook is another one. */
const withOutlook = (input: LearntInput, index: number, change: (outlook: Outlook) => Outlook): LearntInput => ({
  ...input,
  priced: input.priced.map((one, i) => {
    const { q, outlook } = one.score ?? {};
    return i !== index || q === undefined || outlook === undefined
      ? one
      : { ...one, score: { q, outlook: change(outlook) } };
  }),
});

type Rules = Readonly<{
  shares: readonly number[];
  asked: readonly (string | null)[];
  out: readonly boolean[];
  code?: string;
}>;
/**
 * What may be proposed, written down again from the rules in their order, one candidate at a time and without sharing a
 * line with what is tested: probabilities, who is left out, what is asked of each, and the code of an abstention.
 */
const slowly = ({ priced, limits, draw, severity = 1 }: LearntInput): Rules => {
  const all = priced.map((one, index) => {
    const { verdict, score } = one;
    if (score?.outlook === undefined) throw new Error("no outlook");
    const { candidate, tier } = verdict;
    return {
      ...score.outlook,
      index,
      tier,
      allowed: verdict.kind === "allowed",
      rank: score.q.mean,
      name: candidate.runbook,
    };
  });
  type One = (typeof all)[number];
  const page = all.findLast(({ name }) => name === "page") as One;
  const runs = ({ name }: One): boolean => name !== "wait" && name !== "page";
  const isOut = (one: One): boolean =>
    one.allowed && runs(one) && one.harms.high > (limits.tiers[one.tier]?.maxHarm ?? -1);
  const doubt = (one: One): string | null => {
    const leads = one.members.map((value, k) => value - (page.members[k] as number));
    const mean = leads.reduce((a, b) => a + b, 0) / leads.length;
    const sd = Math.sqrt(leads.map((lead) => (lead - mean) ** 2).reduce((a, b) => a + b, 0) / leads.length);
    if (mean < limits.delta) return "not-better-than-page";
    if (mean - limits.m * sd < limits.delta) return "ensemble-disagrees";
    if (one.support < limits.support) return "low-support";
    return one.distance > limits.distance ? "out-of-distribution" : null;
  };
  const question = (one: One): string | null =>
    runs(one) ? (doubt(one) ?? (limits.approval.includes(one.name) ? "autonomy-not-earned" : null)) : null;
  const beats = (a: One, b: One): boolean => {
    if (a.rank !== b.rank) return a.rank > b.rank;
    if (runs(a) !== runs(b)) return !runs(a);
    return a.tier !== b.tier ? a.tier < b.tier : a.index < b.index;
  };
  const left = all.filter((one) => one.allowed && !isOut(one));
  const best = left.find((one) => left.every((rival) => rival === one || beats(one, rival))) as One;
  const asked = all.map(question);
  const out = all.map(isOut);
  const one = (of: One) => ({ shares: all.map((it) => (it === of ? 1 : 0)), asked, out });
  const effects = all.filter(runs);
  const higher = effects.filter(({ rank }) => rank > best.rank);
  if (draw !== "uniform" && effects.length > 0 && effects.every(({ allowed }) => !allowed) && higher.length > 0) {
    const top = higher.find(({ rank }) => higher.every((rival) => rank >= rival.rank)) as One;
    const verdict = priced[top.index]?.verdict;
    const passes = verdict?.kind === "refused" && ["lease-held", "change-in-progress"].includes(verdict.because.code);
    const wait = left.find(({ name }) => name === "wait");
    return { ...one(passes && wait !== undefined ? wait : page), code: "all-refused" };
  }
  if (draw !== "uniform" && best === page && effects.some((it) => isOut(it) && it.rank > page.rank))
    return { ...one(page), code: "harm-too-likely" };
  const calls = best.name === "wait" ? doubt(best) : null;
  if (draw !== "uniform" && calls !== null) return { ...one(page), code: calls };
  if (draw === "uniform") return { shares: all.map((it) => (left.includes(it) ? 1 / left.length : 0)), asked, out };
  if (draw === "best") return one(best);
  const may = (it: One): boolean =>
    it.tier < 2 &&
    !(it.name === "wait" && severity === 1) &&
    (it === page || (question(it) ?? doubt(it)) === null) &&
    it.rank >= best.rank - draw.delta;
  if (!may(best)) return one(best);
  const near = left.filter((it) => it !== best && may(it)).sort((a, b) => (beats(a, b) ? -1 : 1));
  const tied = [best, ...near.filter(({ name }) => name === "wait"), ...near.filter(({ name }) => name !== "wait")];
  const few = tied.slice(0, 3);
  const share = draw.epsilon / few.length;
  const shares = all.map((it) => (it === best ? 1 - share * (few.length - 1) : few.includes(it) ? share : 0));
  return { shares, asked, out };
};

test("what is proposed, left out, asked and abstained from is what the rules say, in their order", () => {
  fc.assert(
    fc.property(anyLearnt, (input) => {
      const expected = slowly(input);

      const chosen = choose(input);

      const { result, weighed } = chosen;
      assert.ok(probabilities(chosen).every((one, i) => Math.abs(one - (expected.shares[i] ?? 9)) < 1e-12));
      assert.deepEqual(
        weighed.map(({ excluded }) => excluded?.code === "harm-limit"),
        expected.out,
      );
      assert.equal(result.kind === "abstained" ? result.because.code : undefined, expected.code);
      if (result.kind === "chosen") assert.equal(result.asks?.code ?? null, expected.asked[result.index]);
    }),
    { numRuns: 5000 },
  );
});

test("probabilities lie in 0..1 and sum to 1 within 1e-9; what was refused or left out has exactly 0 and is never chosen", () => {
  fc.assert(
    fc.property(anyLearnt, (input) => {
      const chosen = choose(input);

      const { result, weighed } = chosen;
      const out = weighed.filter(({ verdict, excluded }) => verdict.kind === "refused" || excluded !== null);
      assert.ok(Math.abs(probabilities(chosen).reduce((sum, one) => sum + one, 0) - 1) <= 1e-9);
      assert.ok(probabilities(chosen).every((one) => one >= 0 && one <= 1));
      assert.ok(out.every(({ probability }) => probability === 0));
      assert.ok(result.kind === "abstained" || !out.includes(weighed[result.index] as (typeof out)[number]));
    }),
    { numRuns: 2000 },
  );
});

test("what is too likely to harm never wins, whatever its score", () => {
  fc.assert(
    fc.property(anyLearnt, fc.double({ min: -1e6, max: 1e6, noNaN: true }), (input, score) => {
      fc.pre(score === 0 || Math.abs(score) > 1e-300);
      const limits = limitsWith({ tiers: [0, 1, 2, 3].map((tier) => ({ tier: tier as 0, maxHarm: 0.3 })) });
      const members = input.priced[0]?.score?.outlook?.members.map(() => score) ?? [];
      const harms = { mean: 0.1, low: 0, high: 0.30001 };
      const one = { verdict: effect, features: [0], score: learntScore(score, { members, harms }) };

      const { result, weighed } = choose({ ...input, limits, priced: [one, ...input.priced] });

      assert.deepEqual([weighed[0]?.excluded?.code, weighed[0]?.probability], ["harm-limit", 0]);
      assert.ok(result.kind === "abstained" || result.index !== 0);
    }),
    { numRuns: 1000 },
  );
});

test("that an effect is more likely to harm never makes it chosen, nor more likely to be proposed", () => {
  fc.assert(
    fc.property(anyLearnt, fc.nat(8), fc.constantFrom(0, 0.2, 0.4, 0.6, 0.8, 1), (input, at, more) => {
      const effects = input.priced.flatMap((one, i) => (isEffect(one) ? [i] : []));
      fc.pre(effects.length > 0);
      const index = effects[at % effects.length] ?? -1;
      const harms = (outlook: Outlook) => ({ ...outlook.harms, high: Math.max(outlook.harms.high, more) });
      const worse = withOutlook(input, index, (outlook) => ({ ...outlook, harms: harms(outlook) }));

      const [before, after] = [choose(input), choose(worse)];

      const isChosen = ({ result }: Chosen): boolean => result.kind === "chosen" && result.index === index;
      assert.ok((after.weighed[index]?.probability ?? 9) <= (before.weighed[index]?.probability ?? -9));
      assert.ok(!isChosen(after) || isChosen(before));
    }),
    { numRuns: 2000 },
  );
});

/** What a decision comes to, without positions. */
const meaning = ({ weighed, result }: Chosen) => ({
  result: result.kind === "chosen" ? { ...result, index: 0 } : { ...result },
  weighed: weighed.map((one) => `${hashOf(one.verdict.candidate)} ${one.probability} ${one.excluded?.detail}`).sort(),
});

test("the order of candidates of different value changes their positions and nothing else", () => {
  fc.assert(
    fc.property(anyLearnt, fc.infiniteStream(fc.nat()), (input, dice) => {
      const ranks = new Set(input.priced.map(({ score }) => score?.q.mean));
      fc.pre(ranks.size === input.priced.length);
      const shuffled = input.priced
        .map((one) => ({ one, key: dice.next().value }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ one }) => one);
      const draw = input.draw === "uniform" ? "best" : input.draw;

      const [first, second] = [input.priced, shuffled].map((priced) => choose({ ...input, draw, priced }));

      assert.deepEqual(meaning(second as Chosen), meaning(first as Chosen));
    }),
    { numRuns: 1000 },
  );
});

const PERMISSIVE: Limits = {
  ...{ m: 0, delta: -1e9, support: 0, distance: 1e9, approval: [], asks: null },
  tiers: ([0, 1, 2, 3] as const).map((tier) => ({ tier, maxHarm: 1 })),
};

test("limits that permit everything change nothing: it is the choice of whoever has none", () => {
  fc.assert(
    fc.property(anyLearnt, (input) => {
      const { limits: _limits, ...unlimited } = input;

      const permitted = choose({ ...input, limits: PERMISSIVE });

      assert.deepEqual(permitted, choose(unlimited));
    }),
    { numRuns: 2000 },
  );
});

test("what is asked takes what the guard wants and one consent at least; what is not takes exactly that", () => {
  fc.assert(
    fc.property(anyLearnt, (input) => {
      const { result } = choose(input);

      fc.pre(result.kind === "chosen");
      const { verdict } = input.priced[result.index] ?? {};
      const wanted = verdict?.kind === "allowed" ? verdict.consents : 9;
      assert.equal(result.consents, result.asks === null ? wanted : Math.max(1, wanted));
      assert.ok(result.candidate.target !== null || result.asks === null);
      assert.equal(questionOf("quell-test", 0, result)?.consents ?? result.consents, result.consents);
    }),
    { numRuns: 2000 },
  );
});

const BAD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, -1e-310];
const spoilEstimate = (spoilt: number): readonly ((estimate: Estimate) => Estimate)[] => [
  (one) => ({ ...one, mean: spoilt }),
  (one) => ({ ...one, low: spoilt }),
  (one) => ({ ...one, high: spoilt }),
];
const spoilOutlook = (spoilt: number): readonly ((outlook: Outlook) => Outlook)[] => [
  (one) => ({ ...one, members: one.members.with(0, spoilt) }),
  (one) => ({ ...one, support: spoilt }),
  (one) => ({ ...one, distance: spoilt }),
  ...spoilEstimate(spoilt).flatMap((spoil) => [
    (one: Outlook) => ({ ...one, value: spoil(one.value) }),
    (one: Outlook) => ({ ...one, recovers: spoil(one.recovers) }),
    (one: Outlook) => ({ ...one, harms: spoil(one.harms) }),
  ]),
];
const spoilScore = (spoilt: number): readonly ((score: Score) => Score)[] => [
  (one) => ({ ...one, q: { ...one.q, mean: spoilt } }),
  (one) => ({ ...one, q: { ...one.q, sd: spoilt } }),
  ...spoilOutlook(spoilt).map(
    (spoil) =>
      ({ q, outlook }: Score): Score =>
        outlook === undefined ? { q } : { q, outlook: spoil(outlook) },
  ),
];

test("one number of a score that is NaN, infinite or denormal makes it abstain, and nothing is executed", () => {
  fc.assert(
    fc.property(anyLearnt, fc.constantFrom(...BAD), fc.nat(99), fc.nat(99), (input, spoilt, which, at) => {
      const allowed = input.priced.flatMap(({ verdict }, i) => (verdict.kind === "allowed" ? [i] : []));
      const ways = spoilScore(spoilt);
      const [way, index] = [ways[which % ways.length], allowed[at % allowed.length]];
      const priced = input.priced.map((one, i) =>
        i === index && way !== undefined && one.score !== null ? { ...one, score: way(one.score) } : one,
      );

      const chosen = choose({ ...input, priced });

      assert.equal(codeOf(chosen), "no-model, page");
      assert.ok(chosen.weighed.every((one) => one.probability === 0 || !isEffect(one)));
      assert.deepEqual(JSON.parse(JSON.stringify(chosen)), chosen);
    }),
    { numRuns: 3000 },
  );
});

test("numbers of refused candidates that no record keeps change nothing: who draws again from the record draws the same", () => {
  fc.assert(
    fc.property(anyLearnt, fc.constantFrom(...BAD), fc.nat(99), (input, spoilt, which) => {
      const ways = spoilScore(spoilt);
      const way = ways[which % ways.length];
      const priced = input.priced.map((one) =>
        one.verdict.kind === "refused" && way !== undefined && one.score !== null
          ? { ...one, score: way(one.score) }
          : one,
      );

      const chosen = choose({ ...input, priced });
      const again = choose({ ...input, priced: JSON.parse(JSON.stringify(chosen.weighed)) });

      assert.deepEqual(again, chosen);
    }),
    { numRuns: 2000 },
  );
});

test("one feature that is NaN, infinite or too small for a float32 makes it abstain, and nothing is executed", () => {
  fc.assert(
    fc.property(anyLearnt, fc.constantFrom(...BAD, 1e-40), fc.boolean(), (input, spoilt, inState) => {
      const spoiltPage = (one: Priced) => (one.verdict.candidate === PAGE ? { ...one, features: [0, spoilt] } : one);

      const chosen = choose(
        inState ? { ...input, state: [0, spoilt] } : { ...input, priced: input.priced.map(spoiltPage) },
      );

      assert.equal(codeOf(chosen), "bad-features, page");
      assert.ok(chosen.weighed.every((one) => one.probability === 0 || !isEffect(one)));
    }),
    { numRuns: 1000 },
  );
});

const LIMIT_FIELDS: readonly ((limits: Limits, spoilt: number) => Limits)[] = [
  (limits, m) => ({ ...limits, m }),
  (limits, delta) => ({ ...limits, delta }),
  (limits, support) => ({ ...limits, support }),
  (limits, distance) => ({ ...limits, distance }),
  (limits, maxHarm) => ({ ...limits, tiers: limits.tiers.with(0, { tier: 0, maxHarm }) }),
];

test("a limit that is no number limits nothing, so that nobody relies on it", () => {
  fc.assert(
    fc.property(
      anyLearnt,
      fc.constantFrom(...LIMIT_FIELDS),
      fc.constantFrom(...BAD.slice(0, 3)),
      (input, spoil, bad) => {
        const chosen = choose({ ...input, limits: spoil(input.limits, bad) });

        assert.equal(codeOf(chosen), "model-mismatch, page");
      },
    ),
  );
});

/** A decision on its way through the ledger and the record: both are JSON, and nothing else is left of it. */
const recordOf = (input: LearntInput, isLearnt: boolean): DecisionRecord => {
  const { weighed, result } = choose(isLearnt ? input : { ...input, limits: undefined });
  const { decision } = chapterWith();
  const { draw, severity = 1 } = input;
  const limits = isLearnt ? input.limits : null;
  const decided = { ...decision, weighed, result, draw, limits, severity };
  const record = decisionRecord(input.catalogue, { decision: decided, deed: deedWith() });
  return JSON.parse(JSON.stringify(record)) as DecisionRecord;
};
const logged = ({ candidates }: DecisionRecord): readonly number[] => candidates.map(({ probability }) => probability);

test("every propensity can be worked out again from the record alone, exactly, whoever decided", () => {
  fc.assert(
    fc.property(anyLearnt, fc.boolean(), (input, isLearnt) => {
      const record = recordOf(input, isLearnt);

      const again = propensitiesOf(record);

      assert.deepEqual(again, logged(record));
    }),
    { numRuns: 5000 },
  );
});

test("where the numbers were doubted the record shows a hand-over, and so does what is worked out again", () => {
  fc.assert(
    fc.property(anyLearnt, fc.constantFrom("no-model", "bad-features", "model-mismatch"), (input, code) => {
      const record = recordOf({ ...input, scorerFailure: because(code, "it is down") }, true);

      const again = propensitiesOf(record);

      assert.deepEqual(again, logged(record));
      assert.equal(again.at(-1), 1);
    }),
  );
});

test("a record in which a number was changed afterwards no longer bears its propensities out", () => {
  const one = fc.sample(anyLearnt, { seed: 3, numRuns: 300 }).map((input) => recordOf(input, true));
  const drawn = one.filter(({ candidates, draw }) => draw === "best" && candidates.length > 3);

  const altered = drawn.map((record) => ({
    ...record,
    candidates: record.candidates.map((candidate) =>
      candidate.probability === 1 ? { ...candidate, q: { mean: -99, sd: 0 } } : candidate,
    ),
  }));

  const differing = altered.filter((record) => propensitiesOf(record).some((one, i) => one !== logged(record)[i]));
  assert.ok(drawn.length > 20);
  assert.ok(differing.length > drawn.length / 2, `${differing.length} of ${drawn.length}`);
});
