import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ChooseInput, type Chosen, choose } from "./choose.ts";
import {
  API_ARN,
  allow,
  candidateWith,
  catalogue,
  catalogueOf,
  documentOf,
  OPENED_MS,
  PAGE,
  page,
  refuse,
  runbookWith,
  WAIT,
  wait,
} from "./example.fixture.ts";
import { hashOf } from "./ids.ts";
import { because, REFUSED } from "./reasons.ts";
import type { Draw, Plan, Verdict } from "./stages.ts";

type Priced = ChooseInput["priced"];
type Exploring = Exclude<Draw, string>;

const inputWith = (priced: Priced, changes: Partial<ChooseInput> = {}): ChooseInput => ({
  incidentId: "quell-test",
  step: 0,
  nowMs: OPENED_MS,
  approvalSeconds: 1800,
  catalogue,
  priced,
  state: [1, 2],
  severity: 2,
  draw: "best",
  scorerFailure: null,
  ...changes,
});

const priced = (verdict: Verdict, mean: number, sd = 0): Priced[number] => ({
  verdict,
  features: [0],
  score: { q: { mean, sd } },
});
const effects = (count: number) =>
  Array.from({ length: count }, (_, n) => candidateWith({ params: { Service: `${n}` } }));

const wild = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, 0, -0),
);
const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const refusal = fc.constantFrom(...REFUSED);
const exploring: fc.Arbitrary<Exploring> = fc.record({
  epsilon: fc.double({ min: 0, max: 1, noNaN: true }),
  delta: fc.oneof(fc.double({ min: 0, max: 2, noNaN: true }), fc.constantFrom(0, 1e7)),
});
const aPriced = (value: fc.Arbitrary<number>) =>
  fc
    .record({
      n: fc.nat(20),
      allowed: fc.boolean(),
      tier: fc.constantFrom(0, 1, 2, 3),
      code: refusal,
      mean: value,
      sd: value,
      features: fc.array(value, { maxLength: 2 }),
      scored: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    })
    .map(({ n, allowed, tier, code, mean, sd, features, scored }): Priced[number] => {
      const candidate = candidateWith({ params: { Service: `${n}` } });
      const verdict = allowed ? allow(candidate, { tier }) : { ...refuse(candidate, code), tier };
      return { verdict, features, score: scored ? { q: { mean, sd } } : null };
    });

/** Any effects, in any state of repair, with `wait` allowed or not and `page` allowed as the guard promises. */
const anyInput = (value: fc.Arbitrary<number> = wild): fc.Arbitrary<ChooseInput> =>
  fc
    .record({
      some: fc.array(aPriced(value), { maxLength: 8 }),
      waits: fc.boolean(),
      values: fc.tuple(value, value),
      state: fc.array(value, { maxLength: 2 }),
      draw: fc.oneof(fc.constantFrom("best", "uniform"), exploring),
      severity: fc.integer({ min: 1, max: 4 }),
      failure: fc.option(fc.constant(because("no-model", "it is down")), { freq: 9 }),
      step: fc.nat(5),
    })
    .map(({ some, waits, values: [w, p], state, draw, severity, failure, step }) =>
      inputWith([...some, priced(waits ? allow(WAIT) : refuse(WAIT), w), priced(allow(PAGE), p)], {
        ...{ state, draw, severity, scorerFailure: failure, step },
      }),
    );

const runbookAt = (input: ChooseInput, index: number) => input.priced[index]?.verdict.candidate.runbook;

test("a refused runbook is never chosen and its probability is exactly 0, whatever its value", () => {
  fc.assert(
    fc.property(anyInput(), (input) => {
      const { weighed, result } = choose(input);

      const refused = weighed.filter(({ verdict }) => verdict.kind === "refused");
      assert.ok(refused.every(({ probability }) => probability === 0));
      assert.ok(result.kind === "abstained" || input.priced[result.index]?.verdict.kind === "allowed");
    }),
    { numRuns: 2000 },
  );
});

test("the probabilities of every decision lie in 0..1 and sum to 1 within 1e-9", () => {
  fc.assert(
    fc.property(anyInput(), (input) => {
      const { weighed } = choose(input);

      const sum = weighed.reduce((total, { probability }) => total + probability, 0);
      assert.ok(Math.abs(sum - 1) <= 1e-9, `${sum}`);
      assert.ok(weighed.every(({ probability }) => probability >= 0 && probability <= 1));
    }),
    { numRuns: 2000 },
  );
});

test("an abstention puts exactly 1 on what happens instead, and 0 on everything else", () => {
  fc.assert(
    fc.property(anyInput(), (input) => {
      const { weighed, result } = choose({ ...input, scorerFailure: because("no-model", "it is down") });

      const ones = weighed.flatMap(({ probability }, i) => (probability === 1 ? [runbookAt(input, i)] : []));
      assert.deepEqual(ones, ["page"]);
      assert.ok(weighed.every(({ probability }) => probability === 0 || probability === 1));
      assert.deepEqual(result, { kind: "abstained", because: because("no-model", "it is down"), falls: "page" });
    }),
  );
});

test("what is weighed is what came in: every candidate, in its place, with its vector, its score and its verdict", () => {
  fc.assert(
    fc.property(anyInput(finite), (input) => {
      const { weighed } = choose(input);

      assert.deepEqual(
        weighed.map(({ verdict, features, score }) => ({ verdict, features, score })),
        input.priced,
      );
    }),
  );
});

test("the best allowed value wins, and never a worse one", () => {
  fc.assert(
    fc.property(anyInput(finite), (input) => {
      const { result } = choose({ ...input, draw: "best" });

      const allowed = input.priced.filter(({ verdict }) => verdict.kind === "allowed");
      const best = Math.max(...allowed.map(({ score }) => score?.q.mean ?? Number.NEGATIVE_INFINITY));
      assert.ok(result.kind === "abstained" || input.priced[result.index]?.score?.q.mean === best);
    }),
  );
});

/** What a decision comes to, without positions: whom it takes, with which probability each. */
const meaning = ({ weighed, result }: Chosen) => ({
  result: result.kind === "chosen" ? hashOf(result.candidate) : { ...result },
  weighed: weighed.map((one) => `${hashOf(one.verdict.candidate)} ${one.probability}`).sort(),
});

test("the order of candidates of different value changes their positions and nothing else", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(finite, fc.boolean(), refusal), { selector: ([value]) => value, maxLength: 8 }),
      fc.tuple(finite, finite),
      fc.infiniteStream(fc.nat()),
      (drawn, [w, p], dice) => {
        fc.pre(w !== p && drawn.every(([value]) => value !== w && value !== p));
        const all: Priced = [
          ...drawn.map(([value, allowed, code], n) => {
            const candidate = candidateWith({ params: { Service: `${n}` } });
            return priced(allowed ? allow(candidate) : refuse(candidate, code), value);
          }),
          priced(allow(WAIT), w),
          priced(allow(PAGE), p),
        ];
        const shuffled = all
          .map((one) => ({ one, key: dice.next().value }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ one }) => one);

        const decisions = [choose(inputWith(all)), choose(inputWith(shuffled))];

        assert.deepEqual(meaning(decisions[1] as Chosen), meaning(decisions[0] as Chosen));
      },
    ),
    { numRuns: 1000 },
  );
});

const DOUBTS: readonly (readonly [string, ChooseInput, string])[] = [
  ["the situation has a NaN", inputWith([priced(allow(PAGE), 1)], { state: [Number.NaN] }), "bad-features"],
  ["the situation is infinite", inputWith([priced(allow(PAGE), 1)], { state: [1 / 0] }), "bad-features"],
  [
    "a candidate's vector has a NaN",
    inputWith([{ ...priced(allow(PAGE), 1), features: [0, Number.NaN] }]),
    "bad-features",
  ],
  ["a value is NaN", inputWith([priced(allow(PAGE), Number.NaN)]), "no-model"],
  ["a value is infinite", inputWith([priced(allow(candidateWith()), 1 / 0), priced(allow(PAGE), 1)]), "no-model"],
  ["a spread is NaN", inputWith([priced(allow(PAGE), 1, Number.NaN)]), "no-model"],
  ["a score is missing", inputWith([{ ...priced(allow(PAGE), 1), score: null }]), "no-model"],
];

for (const [drawn, draw] of [
  ["best", "best"],
  ["uniform", "uniform"],
  ["exploring", { epsilon: 0.2, delta: 1 }],
] as const)
  for (const [name, input, code] of DOUBTS)
    test(`with draw ${drawn} it abstains with ${code} and pages when ${name}`, () => {
      const { result } = choose({ ...input, draw });

      assert.equal(result.kind === "abstained" && result.because.code, code);
      assert.equal(result.kind === "abstained" && result.falls, "page");
    });

test("numbers of refused candidates are no reason to doubt the others", () => {
  const broken = { ...priced(refuse(candidateWith()), Number.NaN), features: [Number.NaN] };

  const { result } = choose(inputWith([broken, priced(allow(PAGE), 1)]));

  assert.equal(result.kind === "chosen" && result.candidate.runbook, "page");
});

test("of equal values, touching nothing wins over an effect and the gentler tier over the harsher", () => {
  const [first, second, third] = effects(3);
  const harsh = priced(allow(first ?? PAGE, { tier: 2 }), 1);
  const gentle = priced(allow(second ?? PAGE, { tier: 0 }), 1);
  const other = priced(allow(third ?? PAGE, { tier: 1 }), 1);
  const all = [harsh, gentle, other, priced(allow(PAGE), 1)];

  const decisions = [choose(inputWith(all)), choose(inputWith([...all.slice(0, 3), priced(allow(PAGE), 0)]))];

  assert.deepEqual(
    decisions.map(({ result }) => (result.kind === "chosen" ? result.index : null)),
    [3, 1],
  );
});

test("all equal, the older position wins", () => {
  const all = [...effects(4).map((one) => priced(allow(one), 1)), priced(allow(PAGE), 0)];

  const { result } = choose(inputWith(all));

  assert.equal(result.kind === "chosen" && result.index, 0);
});

test("when the only effects are refused and one would have been best, people are asked instead of second best", () => {
  const all = [priced(refuse(candidateWith(), "breaker-open"), 9), priced(allow(WAIT), 5), priced(allow(PAGE), 1)];

  const { result } = choose(inputWith(all));

  assert.deepEqual(result.kind === "abstained" && [result.because.code, result.falls], ["all-refused", "page"]);
});

test("a refusal that passes by itself makes it wait, where waiting is allowed", () => {
  for (const code of ["lease-held", "change-in-progress"] as const) {
    const best = priced(refuse(candidateWith(), code), 9);

    const [waits, pages] = [
      choose(inputWith([best, priced(allow(WAIT), 5), priced(allow(PAGE), 1)])),
      choose(inputWith([best, priced(refuse(WAIT), 5), priced(allow(PAGE), 1)])),
    ];

    assert.equal(waits?.result.kind === "abstained" && waits.result.falls, "wait");
    assert.deepEqual(
      waits?.weighed.map(({ probability }) => probability),
      [0, 1, 0],
    );
    assert.equal(pages?.result.kind === "abstained" && pages.result.falls, "page");
  }
});

test("a refused effect that is not the best stands in nobody's way", () => {
  const all = [priced(refuse(candidateWith()), 1), priced(allow(WAIT), 5), priced(allow(PAGE), 2)];

  const { result } = choose(inputWith(all));

  assert.equal(result.kind === "chosen" && result.candidate.runbook, "wait");
});

test("uniform draws each allowed candidate as often as it says, over many incidents", () => {
  const incidents = 4000;
  const all = [
    ...effects(3).map((one) => priced(allow(one), 1)),
    priced(refuse(candidateWith()), 9),
    priced(allow(WAIT), 1),
    priced(allow(PAGE), 1),
  ];
  const drawn = new Map<number, number>();

  for (let n = 0; n < incidents; n += 1) {
    const { result, weighed } = choose(inputWith(all, { incidentId: `quell-${n}`, draw: "uniform" }));
    const index = result.kind === "chosen" ? result.index : -1;
    drawn.set(index, (drawn.get(index) ?? 0) + 1);
    assert.deepEqual(
      weighed.map(({ probability }) => probability),
      [0.2, 0.2, 0.2, 0, 0.2, 0.2],
    );
  }

  // The 0.999 quantile of the chi-square distribution with 4 degrees of freedom.
  const chiSquare = [...drawn.values()].reduce((sum, count) => sum + (count - incidents / 5) ** 2 / (incidents / 5), 0);
  assert.deepEqual([...drawn.keys()].sort(), [0, 1, 2, 4, 5]);
  assert.ok(chiSquare < 18.47, `${chiSquare}`);
});

test("the same incident and step draw the same again, and the seed says from what", () => {
  fc.assert(
    fc.property(anyInput(finite), (input) => {
      const decisions = [choose(input), choose({ ...input, priced: [...input.priced] })];

      assert.deepEqual(decisions[1], decisions[0]);
      assert.equal(decisions[0]?.seed, `${input.incidentId}/${input.step}`);
    }),
  );
});

test("wait and page are chosen without a plan: there is nothing to run", () => {
  const plans = [WAIT, PAGE].map((one) => choose(inputWith([priced(allow(one), 1)])).result);

  assert.ok(plans.every((result) => result.kind === "chosen" && result.plan === null));
});

/** The plan of the first candidate, which is the only one that is worth anything. */
const planWith = (changes: Partial<ChooseInput>, candidate = candidateWith()): Plan => {
  const { result } = choose(inputWith([priced(allow(candidate), 9), priced(allow(PAGE), 1)], changes));
  assert.ok(result.kind === "chosen" && result.plan !== null);
  return result.plan;
};

test("a plan's hash is that of exactly its eight members", () => {
  const restart = catalogue.runbooks[0];

  const plan = planWith({});

  assert.deepEqual(plan, {
    hash: hashOf({
      incidentId: "quell-test",
      step: 0,
      runbook: "restart",
      version: "1.0.0",
      documentHash: restart?.documents?.automation.hash,
      undoHash: restart?.documents?.undo?.hash,
      target: API_ARN,
      params: { Service: "api" },
    }),
    runbook: "restart",
    version: "1.0.0",
    documentHash: restart?.documents?.automation.hash,
    undoHash: restart?.documents?.undo?.hash,
    target: API_ARN,
    params: { Service: "api" },
    madeAtMs: OPENED_MS,
    expiresAtMs: OPENED_MS + 1800_000,
  });
});

test("a plan's hash changes with every one of its members, and with nothing else", () => {
  const automation = documentOf("Quell-restart");
  const undo = documentOf("Quell-restart-undo", ["Before"]);
  const withBook = (changes: Parameters<typeof runbookWith>[0]) => ({
    catalogue: catalogueOf(runbookWith(changes), wait, page),
  });
  const changed = [
    planWith({ incidentId: "quell-other" }),
    planWith({ step: 1 }),
    planWith(withBook({ id: "reboot" }), candidateWith({ runbook: "reboot" })),
    planWith(withBook({ version: "1.0.1" }), candidateWith({ version: "1.0.1" })),
    planWith(withBook({ documents: { automation: undo, undo } })),
    planWith(withBook({ documents: { automation, undo: automation } })),
    planWith(withBook({ documents: { automation, undo: null } })),
    planWith({}, candidateWith({ target: `${API_ARN}2` })),
    planWith({}, candidateWith({ params: { Service: "api2" } })),
  ];

  const hashes = [planWith({}), ...changed].map(({ hash }) => hash);

  assert.equal(new Set(hashes).size, hashes.length);
  assert.equal(planWith({ nowMs: 1, approvalSeconds: 1 }, candidateWith({ because: "x", fit: 0 })).hash, hashes[0]);
});

test("of several refused effects that would have won, the best one says what happens instead", () => {
  const [first, second] = effects(2);
  const passing = priced(refuse(first ?? PAGE, "lease-held"), 8);
  const lasting = priced(refuse(second ?? PAGE, "breaker-open"), 9);
  const rest = [priced(allow(WAIT), 2), priced(allow(PAGE), 1)];

  const decisions = [choose(inputWith([passing, lasting, ...rest])), choose(inputWith([lasting, passing, ...rest]))];

  assert.deepEqual(
    decisions.map(({ result }) => result.kind === "abstained" && result.falls),
    ["page", "page"],
  );
});

/** Explores among candidates of about the same worth in most cases: values are small whole numbers. */
const exploringInput = fc
  .record({ input: anyInput(fc.integer({ min: -2, max: 2 }).map(Number)), draw: exploring })
  .map(({ input, draw }) => ({ ...input, draw }));

test("nothing is tried that is far from the best, above T1, refused, or waiting where severity is 1", () => {
  fc.assert(
    fc.property(exploringInput, (input) => {
      const best = choose({ ...input, draw: "best" });

      const { weighed, result } = choose(input);

      const top = best.result.kind === "chosen" ? best.result.index : -1;
      const drawn = result.kind === "chosen" ? weighed[result.index]?.probability : 1;
      const least = (weighed[top]?.score?.q.mean ?? 0) - input.draw.delta;
      const tried = weighed.filter(({ probability }, i) => probability > 0 && i !== top && result.kind === "chosen");
      assert.ok(drawn !== undefined && drawn > 0);
      assert.ok(tried.every(({ verdict }) => verdict.kind === "allowed" && verdict.tier <= 1));
      assert.ok(tried.every(({ score }) => (score?.q.mean ?? Number.NEGATIVE_INFINITY) >= least));
      assert.ok(input.severity !== 1 || tried.every(({ verdict }) => verdict.candidate.runbook !== "wait"));
      assert.ok(tried.length <= 2);
      assert.ok(tried.length === 0 || (weighed[top]?.verdict.tier ?? 3) <= 1);
    }),
    { numRuns: 2000 },
  );
});

test("the best has 1 - epsilon and its share of epsilon, the others of the tie set a share each", () => {
  fc.assert(
    fc.property(exploringInput, (input) => {
      const { epsilon } = input.draw;
      const best = choose({ ...input, draw: "best" });

      const { weighed } = choose(input);

      const top = best.weighed.findIndex(({ probability }) => probability === 1);
      const others = weighed.filter(({ probability }, i) => probability > 0 && i !== top);
      const share = epsilon / (others.length + 1);
      const rest = others.length === 0 ? 0 : epsilon - share;
      assert.ok(Math.abs((weighed[top]?.probability ?? 0) - (1 - rest)) < 1e-12);
      assert.ok(others.every(({ probability }) => probability === share));
    }),
    { numRuns: 2000 },
  );
});

test("without epsilon it is the best draw, and what the best draw abstains from is abstained from", () => {
  fc.assert(
    fc.property(exploringInput, (input) => {
      const best = choose({ ...input, draw: "best" });

      const still = choose({ ...input, draw: { ...input.draw, epsilon: 0 } });
      const exploring = choose(input);

      assert.deepEqual(still, best);
      assert.equal(exploring.result.kind, best.result.kind);
      assert.deepEqual(best.result.kind === "abstained" ? exploring : best, best);
    }),
    { numRuns: 1000 },
  );
});

test("what is drawn is what its probability says, in every tie set, over many incidents", () => {
  const incidents = 4000;
  const draw = { epsilon: 0.3, delta: 0.5 };
  const [first, second, third] = effects(3).map((one) => allow(one, { tier: 1 }));
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const harsh = priced(allow(candidateWith(), { tier: 2 }), 1);
  const all = [priced(first, 1.2), priced(second, 0.9), priced(third, 0.8), harsh, priced(allow(PAGE), 0.1)];
  const expected = [0.8, 0.1, 0.1, 0, 0];
  const counts = expected.map(() => 0);

  for (let n = 0; n < incidents; n += 1) {
    const { result, weighed } = choose(inputWith(all, { incidentId: `quell-${n}`, draw }));
    assert.ok(result.kind === "chosen");
    counts[result.index] = (counts[result.index] ?? 0) + 1;
    assert.ok(weighed.every(({ probability }, i) => Math.abs(probability - (expected[i] ?? 0)) < 1e-12));
  }

  // The 0.999 quantile of the chi-square distribution with 2 degrees of freedom.
  const chiSquare = expected
    .map((share) => share * incidents)
    .reduce((sum, wanted, i) => sum + (wanted === 0 ? 0 : ((counts[i] ?? 0) - wanted) ** 2 / wanted), 0);
  assert.deepEqual(counts.slice(3), [0, 0]);
  assert.ok(chiSquare < 13.82, `${chiSquare} of ${counts}`);
});

test("waiting is one of the three wherever it may be tried, though others are worth more", () => {
  const all = [...effects(4).map((one, n) => priced(allow(one), 2 - n / 10)), priced(allow(WAIT), 1.5)];
  const draw = { epsilon: 0.3, delta: 1 };
  const input = inputWith([...all, priced(allow(PAGE), 0)], { draw });
  const { severity: _unsaid, ...unsaid } = input;

  const tied = [{ ...input, severity: 1 }, { ...input, severity: 2 }, unsaid].map((one) =>
    choose(one).weighed.flatMap(({ probability }, i) => (probability > 0 ? [i] : [])),
  );

  assert.deepEqual(tied, [
    [0, 1, 2],
    [0, 1, 4],
    [0, 1, 2],
  ]);
});
