import assert from "node:assert/strict";
import { test } from "node:test";
import { onCallPeople } from "../adapters/simulated/on-call.ts";
import { learntScore, limitsWith, shareOf } from "../core/example.fixture.ts";
import type { Score } from "../core/stages.ts";
import { emptyTrackRecord } from "../core/track-record.ts";
import { faultNamed } from "../world/faults/all-faults.ts";
import { uniform } from "../world/random.ts";
import { alone } from "./alone.fixture.ts";
import { type Day, playDay } from "./days/day.ts";
import { testDays } from "./days/days.ts";
import { judgeDay } from "./evaluation-day.ts";
import { type AskModels, type JudgedPolicy, judgedPolicy, mannerFor, pricesOf } from "./evaluation-policies.ts";
import { playTogether } from "./tree.ts";

const drawnDay = (world: number, day: number) => testDays("the judged", world, { confounding: "mild", broken: 0 })(day);

/** Models of random weights; the name gives them. */
const randomModels: AskModels = async ({ candidates }, models) =>
  new Map(models.map((model) => [model, candidates.map((vector) => randomScore(model, vector))]));

/** One that knows its limits is sure, or safe, as chance has it. */
const randomScore = (model: string, vector: readonly number[]): Score => {
  const mean = weighted(model, vector);
  if (!model.startsWith("onnx:")) return { q: { mean, sd: 0 } };
  const share = (of: string): number => 1 / (1 + Math.exp(-weighted(`${model}|${of}`, vector)));
  const expected = { value: shareOf(0), recovers: shareOf(share("recovers")), harms: shareOf(share("harms") / 2) };
  const outlook = { members: [mean - 0.1, mean + 0.1], ...expected, support: share("support"), distance: 0 };
  return { q: { mean, sd: 0.1 }, outlook };
};
const LIMITS = new Map(["a", "b"].map((name) => [name, limitsWith({ delta: -10, support: 0.5 })]));

const weighted = (model: string, vector: readonly number[]): number =>
  vector.reduce((sum, value, place) => sum + (uniform(model, place) - 0.5) * Math.tanh(value), 0);

const policiesNamed = (names: readonly string[]): readonly JudgedPolicy[] =>
  names.map((name) => judgedPolicy(name) ?? assert.fail(name));

/** All of a day but how it was decided upon: whoever is led has a reason of its own. */
const withoutReasons = ({ rows, incidents, ...day }: Day) => ({
  ...day,
  incidents: incidents.map(({ id, terminal, openedAtMs, closedAtMs }) => ({ id, terminal, openedAtMs, closedAtMs })),
  rows: rows.map(({ q, probability, tie_set, abstained_because, ...row }) => row),
});

const EVERYBODY = [
  ...["rules", "drafter", "page", "uniform", "random-of-three", "oncall-average", "oncall-expert"],
  ...["a", "b", "c", "d"].map((name) => `model:${name}`),
  ...["model:a+page:10", "model:a+page:-10", "model:b+page:0.5"],
  ...["onnx:a", "onnx:a+m:0+support:0", "onnx:b", "onnx:b+harm:0.2", "clone:a"],
];

for (const [world, day, seers, answering] of [
  [0, 1, [], {}],
  [1, 1, ["bound"], {}],
  [2, 2, [], { people: onCallPeople }],
  [3, 0, [], {}],
] as const)
  test(`under every policy a day is as when it decides alone, live and from the beginning: world ${world}, day ${day}`, async () => {
    const drawn = drawnDay(world, day);
    const names = [...EVERYBODY, ...seers];
    const pricedBy = pricesOf(policiesNamed(names), drawn.catalogue, randomModels, "a day");
    const plan = { ...drawn, ...answering, trackRecord: emptyTrackRecord, judge: true };

    const manners = new Map(policiesNamed(names).map((one) => [one.name, mannerFor(one, "a day", LIMITS)]));

    const paths = await playTogether(
      (policy) => playDay({ ...plan, policy }),
      drawn.catalogue,
      names,
      pricedBy,
      (name) => manners.get(name) ?? {},
    );

    assert.deepEqual(paths.flatMap(({ policies }) => policies).toSorted(), names.toSorted());
    for (const { end, policies, executed } of paths)
      for (const name of policies) {
        const own = await playDay({
          ...plan,
          policy: alone(name, pricedBy, () => assert.fail(`${name} has no score`), manners.get(name)?.limits),
        });
        assert.deepEqual(withoutReasons(end), withoutReasons(own), name);
        const proposed = end.rows.filter(({ row_version }) => row_version === 0).map((row) => row.proposed);
        assert.deepEqual(proposed.sort(), executed.toSorted(), name);
      }
  });

const KNOWING = { limits: LIMITS, outlook: null };

/** A model that takes what the guard asks nobody about before anything else, and expects no harm of anything. */
const gentlest: AskModels = async ({ verdicts }, models) => {
  const scores = verdicts.map((verdict) => {
    const isAlone = verdict.kind === "allowed" && verdict.consents === 0 && verdict.candidate.target !== null;
    return learntScore(isAlone ? 2 : verdict.candidate.target === null ? 0 : 1);
  });
  return new Map(models.map((model) => [model, scores]));
};

const judged = async (
  world: number,
  day: number,
  names: readonly string[],
  answering: object = {},
  ask: AskModels = randomModels,
) => {
  const drawn = drawnDay(world, day);
  const all = await judgeDay({ world, day, drawn, past: [], ...answering }, policiesNamed(names), ask, KNOWING);
  return all.days.map(({ policy, ...rest }) => rest);
};

for (const [what, one, other] of [
  [
    "a model that acts where it would ask, and knows no harm, is one that is sure",
    "onnx:a+act+harm:1",
    "onnx:a+harm:1+support:0+m:0",
  ],
  ["where people are called on every decision, it is as with the policy that does", "random-paging:1:onnx:a", "page"],
  ["where they are on none, it is as without", "random-paging:0:onnx:b", "onnx:b"],
] as const)
  test(what, async () => {
    for (const day of [0, 1, 2]) {
      const [first, second] = await judged(2, day, [one, other]);
      assert.deepEqual(
        { ...first, abstained: 0, excluded: 0, tooHarmful: 0, doubts: 0 },
        { ...second, abstained: 0, excluded: 0, tooHarmful: 0, doubts: 0 },
      );
    }
  });

test("whoever asks more puts more questions to people, and whoever may be told no is told no", async () => {
  const [asking, acting] = ["onnx:a+support:2", "onnx:a+support:2+act"];
  const days = [0, 1, 2, 3, 4, 5];
  const told = await Promise.all(days.map((day) => judged(1, day, [asking, acting], {}, gentlest)));
  const oncall = await Promise.all(days.map((day) => judged(1, day, [asking], { people: onCallPeople }, gentlest)));

  const [asks, fewer] = [0, 1].map((place) => told.reduce((sum, day) => sum + (day[place]?.asks ?? 0), 0));
  const refused = [told, oncall].map((all) => all.reduce((sum, day) => sum + (day[0]?.refusedByPeople ?? 0), 0));
  const doubts = told.flatMap(([first]) => Object.entries(first?.doubts ?? {}));
  assert.ok((asks ?? 0) > (fewer ?? 0), `${asks} and ${fewer}`);
  assert.ok(told.every(([first]) => (first?.asks ?? 0) >= (first?.actions ?? 0)));
  assert.ok(doubts.length > 0 && doubts.every(([code]) => code === "low-support"), `${doubts}`);
  assert.deepEqual([refused[0], (refused[1] ?? 0) > 0], [0, true]);
});

const MODELS = ["model:a", "model:b"];

test("a line a policy in their order, whoever shares a play; who brings a drafter has a day of its own", async () => {
  const drawn = drawnDay(1, 1);
  const names = ["catalogue-bound", "page", ...MODELS, "rules"];
  const of = (policies: readonly string[]) =>
    judgeDay({ world: 1, day: 1, drawn, past: [] }, policiesNamed(policies), randomModels);

  const { days, plays } = await of(names);

  const each = await Promise.all(names.map((name) => of([name])));
  assert.deepEqual(
    days,
    each.flatMap((one) => one.days),
  );
  assert.deepEqual(
    days.map(({ policy }) => policy),
    names,
  );
  assert.ok(plays <= names.length);
});

test("a day's hours are the sum of their parts", async () => {
  const drawn = drawnDay(2, 1);

  const { days } = await judgeDay(
    { world: 2, day: 1, drawn, past: [] },
    policiesNamed(EVERYBODY),
    randomModels,
    KNOWING,
  );

  for (const { hours, costs } of days)
    assert.ok(Math.abs(Object.values(costs).reduce((sum, part) => sum + part, 0) - hours) < 1e-9);
});

test("decisions that a model cannot score fall to a page and are counted, for it and for nobody else", async () => {
  const drawn = drawnDay(0, 0);
  const names = ["page", "model:mute", "model:mute+page:-1", "model:nan", "model:a", "model:refused"];
  const someMute: AskModels = async (scene, models) => {
    const scores = new Map(await randomModels(scene, models));
    const nan = scene.verdicts.map(({ kind }) => ({ q: { mean: kind === "allowed" ? Number.NaN : 1, sd: 0 } }));
    const barred = scene.verdicts.map(({ kind }, at) => ({ q: { mean: kind === "allowed" ? at : Number.NaN, sd: 0 } }));
    for (const model of models) {
      if (model === "mute") scores.set(model, null as never);
      if (model === "nan") scores.set(model, nan);
      if (model === "refused") scores.set(model, barred);
    }
    return scores;
  };

  const { days } = await judgeDay({ world: 0, day: 0, drawn, past: [] }, policiesNamed(names), someMute);

  const [paged, ...others] = days;
  assert.ok(paged !== undefined && paged.choices.length > 1);
  assert.deepEqual(
    others.map(({ abstained }) => abstained),
    [...[0, 1, 2].map(() => paged.choices.length), 0, 0],
  );
  for (const mute of others.slice(0, 3))
    assert.deepEqual({ ...mute, policy: "page", abstained: 0 }, { ...paged, abstained: 0 });
});

test("a day is held out by the family of its first fault", async () => {
  const drawn = Array.from({ length: 60 }, (_, day) => ({ world: 4, day, drawn: drawnDay(4, day), past: [] }));
  const firstOf = (...families: readonly string[]) =>
    drawn.find(({ drawn: { scenario } }) => families.includes(faultNamed(scenario.fault)?.family ?? "")) ??
    assert.fail();

  const found = await Promise.all(
    [firstOf("cache"), firstOf("network"), firstOf("code-bug")].map((one) =>
      judgeDay(one, policiesNamed(["page"]), randomModels),
    ),
  );

  assert.deepEqual(
    found.flatMap(({ days }) => days.map(({ family, heldOut }) => `${family}: ${heldOut}`)),
    ["cache: true", "network: true", "code-bug: false"],
  );
});
