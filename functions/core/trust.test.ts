import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, questionOf } from "./approve.ts";
import { type ChooseInput, type Chosen, choose } from "./choose.ts";
import { allow, candidateWith, limitsWith, PAGE, refuse, WAIT } from "./example.fixture.ts";
import { foreseen, type LearntInput, learntInput } from "./learnt.fixture.ts";
import { because } from "./reasons.ts";
import type { Limits, Outlook } from "./stages.ts";

type Priced = ChooseInput["priced"][number];

const effect = allow(candidateWith());
const other = allow(candidateWith({ params: { Service: "other" } }));
const reboot = allow(candidateWith({ runbook: "reboot" }));
const harmful: Partial<Outlook> = { harms: { mean: 0.4, low: 0.2, high: 0.62 } };
const probabilities = ({ weighed }: Chosen): readonly number[] => weighed.map(({ probability }) => probability);
const codeOf = ({ result }: Chosen): string =>
  result.kind === "abstained"
    ? `${result.because.code}, ${result.falls}`
    : `${result.candidate.runbook}, ${result.asks?.code ?? "unasked"}`;

/** Upper 0.001 quantiles of chi-square by degrees of freedom: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4. */
const CRITICAL: Readonly<Record<number, number>> = { 1: 10.828, 2: 13.816, 3: 16.266, 4: 18.467 };
const SCENES: Readonly<Record<string, LearntInput>> = {
  "a tie set of three": learntInput(
    [
      ...[foreseen(effect, -0.5), foreseen(other, -0.6), foreseen(reboot, -0.1, harmful), foreseen(allow(WAIT), -0.7)],
      ...[foreseen(refuse(candidateWith()), 0), foreseen(allow(PAGE), -1)],
    ],
    { draw: { epsilon: 0.2, delta: 0.5 }, limits: limitsWith({ delta: 0 }) },
  ),
  "a tie set of two": learntInput([foreseen(effect, -0.5), foreseen(other, -0.55), foreseen(allow(PAGE), -1)], {
    draw: { epsilon: 0.1, delta: 0.1 },
  }),
  "every allowed one that is not left out": learntInput(
    [
      ...[foreseen(effect, -0.5), foreseen(other, -2), foreseen(reboot, -0.1, harmful), foreseen(allow(WAIT), -0.7)],
      ...[foreseen(refuse(candidateWith()), 0), foreseen(allow(PAGE), -1)],
    ],
    { draw: "uniform" },
  ),
};

for (const [name, input] of Object.entries(SCENES))
  test(`over 10,000 seeds each candidate is drawn at its logged probability: ${name}`, () => {
    const seeds = 10_000;
    const logged = probabilities(choose(input));
    const counts = logged.map(() => 0);

    for (let n = 0; n < seeds; n += 1) {
      const { result } = choose({ ...input, incidentId: `quell-${n}` });
      const index = result.kind === "chosen" ? result.index : -1;
      counts[index] = (counts[index] ?? 0) + 1;
    }

    const possible = logged.flatMap((one, i) => (one > 0 ? [{ wanted: one * seeds, drawn: counts[i] ?? 0 }] : []));
    const chiSquare = possible.reduce((sum, { wanted, drawn }) => sum + (drawn - wanted) ** 2 / wanted, 0);
    assert.ok(possible.length > 1 && chiSquare < (CRITICAL[possible.length - 1] ?? 0), `${chiSquare} of ${counts}`);
    assert.ok(logged.every((one, i) => one > 0 || counts[i] === 0));
  });

const sure = [foreseen(effect, -0.5), foreseen(allow(WAIT), -0.9), foreseen(allow(PAGE), -1)];
const inPlaceOfFirst = (one: Priced): readonly Priced[] => [one, ...sure.slice(1)];

test("a model that leaves out what to expect, or whose members are not all there, is not followed", () => {
  const cases: readonly (readonly Priced[])[] = [
    inPlaceOfFirst({ verdict: effect, features: [0], score: { q: { mean: 9, sd: 0 } } }),
    inPlaceOfFirst(foreseen(effect, -0.5, { members: [-0.5] })),
    inPlaceOfFirst(foreseen(effect, -0.5, { recovers: { mean: 0.5, low: 0.4, high: 1.1 } })),
    inPlaceOfFirst(foreseen(effect, -0.5, { harms: { mean: 0, low: -0.1, high: 0 } })),
    inPlaceOfFirst(foreseen(effect, -0.5, { distance: -1 })),
    inPlaceOfFirst(foreseen(effect, -0.5, { support: -1 })),
    sure.map((one) => ({ ...one, score: { q: { mean: 0, sd: 0 }, outlook: { ...outlookOf(one), members: [] } } })),
  ];

  const codes = cases.map((priced) => codeOf(choose(learntInput(priced))));

  assert.deepEqual(
    codes,
    cases.map(() => "no-model, page"),
  );
});

const outlookOf = ({ score }: Priced): Outlook => score?.outlook ?? assert.fail("it has an outlook");

test("numbers of a refused candidate are no reason to doubt the others, and none of them is kept", () => {
  const broken: Priced = { ...foreseen(refuse(candidateWith()), Number.NaN), features: [0] };

  const chosen = choose(learntInput([broken, ...sure]));

  assert.equal(codeOf(chosen), "restart, unasked");
  assert.equal(chosen.weighed[0]?.score, null);
});

const QUESTIONS: readonly (readonly [string, Partial<Outlook>, Partial<Limits>, string, RegExp])[] = [
  ["is sure and known", {}, {}, "unasked", /^$/],
  [
    "beats a person by less than is wanted",
    {},
    { delta: 0.6 },
    "not-better-than-page",
    /^ranked 0\.5 above calling a person, at least 0\.6 above /,
  ],
  [
    "beats a person by less than its members differ",
    { members: [0, -0.9, 0, -1.1] },
    {},
    "ensemble-disagrees",
    /^ranked 0\.5 above calling a person and ranked 0\.51 below at 2 standard deviations/,
  ],
  ["was seldom done", { support: 0.02 }, {}, "low-support", /seldom .* 2 for each 100 .* 5 are wanted/],
  ["is in a scene unlike those learnt from", { distance: 10.5 }, {}, "out-of-distribution", /10\.5 .* 10 allowed/],
  ["is of a runbook that nobody could judge", {}, { approval: ["restart"] }, "autonomy-not-earned", /of restart/],
  ["may do nothing unasked", {}, { asks: because("no-model", "It is gone.") }, "no-model", /^It is gone\.$/],
];

for (const [name, outlook, limits, code, detail] of QUESTIONS)
  test(`an effect that ${name} is ${code === "unasked" ? "done as the guard says" : `asked about with ${code}`}`, () => {
    const priced = inPlaceOfFirst(foreseen(allow(candidateWith(), { consents: 0 }), -0.5, outlook));

    const { result } = choose(learntInput(priced, { limits: limitsWith(limits) }));

    assert.ok(result.kind === "chosen" && result.candidate.runbook === "restart");
    assert.deepEqual([result.asks?.code ?? "unasked", result.consents], [code, code === "unasked" ? 0 : 1]);
    assert.match(result.asks?.detail ?? "", detail);
  });

test("what is asked about is not consented to before somebody has, and one person is enough where the guard wants nobody", () => {
  const asked = inPlaceOfFirst(foreseen(effect, -0.5, { support: 0 }));
  const { result } = choose(learntInput(asked));
  const question = result.kind === "chosen" ? questionOf("quell-test", 0, result) : null;
  assert.ok(question !== null);
  const { plan } = question;
  const yes = {
    person: "ana",
    group: "sre",
    answer: "approve",
    planHash: plan.hash,
    reason: "",
    atMs: plan.madeAtMs,
  } as const;

  const [unanswered, answered] = [[], [yes]].map((votes) => judge(question, votes, plan.madeAtMs));

  assert.equal(unanswered?.kind, "waiting");
  assert.deepEqual(answered?.kind === "consented" && answered.consent.people, ["ana"]);
});

test("a safer runbook is found before a person is: the best that is left is done, and why the other is out is told", () => {
  const { result, weighed } = choose(learntInput([foreseen(reboot, 0, harmful), ...sure]));

  assert.equal(result.kind === "chosen" && result.candidate.runbook, "restart");
  const detail = "harm in up to 62 of 100 such runs, 50 allowed at tier 0";
  assert.deepEqual(weighed[0]?.excluded, because("harm-limit", detail));
});

test("where the best was left out and only a person is better than the rest, that is why the person is called", () => {
  const worse = foreseen(effect, -3);
  const paging = [foreseen(reboot, 0, harmful), worse, foreseen(allow(WAIT), -2), foreseen(allow(PAGE), -1)];
  const waiting = [foreseen(reboot, 0, harmful), worse, foreseen(allow(WAIT), -0.5), foreseen(allow(PAGE), -1)];
  const lower = [foreseen(reboot, -2, harmful), worse, foreseen(allow(WAIT), -2), foreseen(allow(PAGE), -1)];

  const codes = [paging, waiting, lower].map((priced) => codeOf(choose(learntInput(priced))));

  assert.deepEqual(codes, ["harm-too-likely, page", "wait, unasked", "page, unasked"]);
});

test("a tier for which no limit of harm is known allows none", () => {
  const none = limitsWith({ tiers: [{ tier: 1, maxHarm: 1 }] });

  const chosen = choose(learntInput(sure, { limits: none }));

  assert.equal(chosen.weighed[0]?.excluded?.detail, "no limit of harm is known at tier 0");
});

const HAIRS = [
  [0.50001, 0.5, "50.1 of 100 such runs, 50 allowed"],
  [0.14, 0.07, "14 of 100 such runs, 7 allowed"],
  [0.29, 0.28999, "29 of 100 such runs, 28.9 allowed"],
] as const;

test("a limit that was passed by a hair shows as passed, and a round number as round", () => {
  const shown = HAIRS.map(([high, maxHarm]) => {
    const tight = limitsWith({ tiers: [{ tier: 0, maxHarm }] });
    const hair = foreseen(effect, -0.5, { harms: { mean: 0.1, low: 0, high } });
    return choose(learntInput(inPlaceOfFirst(hair), { limits: tight })).weighed[0]?.excluded?.detail;
  });

  assert.deepEqual(
    shown,
    HAIRS.map(([, , said]) => `harm in up to ${said} at tier 0`),
  );
});

const SIMPLER = limitsWith({ asks: because("model-mismatch", "The model was refused; rules speak for it.") });

test("where something simpler speaks for a model, every effect is asked about and nothing else is looked at", () => {
  const plain = ({ verdict }: Priced, mean: number): Priced => ({
    verdict,
    features: [0],
    score: { q: { mean, sd: 0 } },
  });
  const rules = [plain(sure[0] as Priced, 0.9), plain(sure[1] as Priced, 0.3), plain(sure[2] as Priced, 0.5)];
  const quiet = [plain(sure[0] as Priced, 0.1), plain(sure[1] as Priced, 0.6), plain(sure[2] as Priced, 0.5)];
  const limits = { ...SIMPLER, approval: ["restart"] };

  const [acting, waiting] = [rules, quiet].map((priced) => choose(learntInput(priced, { limits })));

  assert.deepEqual([codeOf(acting as Chosen), codeOf(waiting as Chosen)], ["restart, model-mismatch", "wait, unasked"]);
});

test("nothing that a person has to be asked about is tried for the sake of learning", () => {
  const draw = { epsilon: 0.3, delta: 1 };
  const page = foreseen(allow(PAGE), -1.4);
  const scenes: readonly (readonly Priced[])[] = [
    [foreseen(effect, -0.5), foreseen(other, -0.6), page],
    [foreseen(effect, -0.5), foreseen(other, -0.6, { support: 0 }), page],
    [foreseen(effect, -0.5, { support: 0 }), foreseen(other, -0.6), page],
    [foreseen(effect, -0.5), foreseen(other, -0.4, harmful), page],
  ];

  const drawn = scenes.map((priced) => probabilities(choose(learntInput(priced, { draw }))));

  assert.deepEqual(
    drawn.map((all) => all.map((one) => Number(one.toFixed(9)))),
    [
      [0.8, 0.1, 0.1],
      [0.85, 0, 0.15],
      [1, 0, 0],
      [0.85, 0, 0.15],
    ],
  );
});
