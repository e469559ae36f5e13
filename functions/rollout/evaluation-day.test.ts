import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyTrackRecord } from "../core/track-record.ts";
import { faultNamed } from "../world/faults/all-faults.ts";
import { uniform } from "../world/random.ts";
import { alone } from "./alone.fixture.ts";
import { type Day, playDay } from "./days/day.ts";
import { testDays } from "./days/days.ts";
import { judgeDay } from "./evaluation-day.ts";
import { type AskModels, type JudgedPolicy, judgedPolicy, pricesOf } from "./evaluation-policies.ts";
import { playTogether } from "./tree.ts";

const drawnDay = (world: number, day: number) => testDays("the judged", world, { confounding: "mild", broken: 0 })(day);

/** Models of random weights; the name gives them. */
const randomModels: AskModels = async ({ candidates }, models) =>
  new Map(
    models.map((model) => [model, candidates.map((vector) => ({ q: { mean: weighted(model, vector), sd: 0 } }))]),
  );

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
];

for (const [world, day, seers] of [
  [0, 1, []],
  [1, 1, ["bound"]],
  [2, 2, []],
  [3, 0, []],
] as const)
  test(`under every policy a day is as when it decides alone, live and from the beginning: world ${world}, day ${day}`, async () => {
    const drawn = drawnDay(world, day);
    const names = [...EVERYBODY, ...seers];
    const pricedBy = pricesOf(policiesNamed(names), drawn.catalogue, randomModels, "a day");
    const plan = { ...drawn, trackRecord: emptyTrackRecord, judge: true };

    const paths = await playTogether((policy) => playDay({ ...plan, policy }), drawn.catalogue, names, pricedBy);

    const taken = paths.map(({ executed }) => executed.join(">"));
    assert.equal(new Set(taken).size, paths.length);
    for (const { end, policies, executed } of paths)
      for (const name of policies) {
        const own = await playDay({
          ...plan,
          policy: alone(name, pricedBy, () => assert.fail(`${name} has no score`)),
        });
        assert.deepEqual(withoutReasons(end), withoutReasons(own), name);
        const proposed = end.rows.filter(({ row_version }) => row_version === 0).map((row) => row.proposed);
        assert.deepEqual(proposed.sort(), executed.toSorted(), name);
      }
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

  const { days } = await judgeDay({ world: 2, day: 1, drawn, past: [] }, policiesNamed(EVERYBODY), randomModels);

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
