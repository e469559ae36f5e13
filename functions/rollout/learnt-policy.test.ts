import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allow,
  candidateWith,
  catalogue,
  contextWith,
  learntScore,
  limitsWith,
  PAGE,
  refuse,
  WAIT,
} from "../core/example.fixture.ts";
import { encodeCandidate } from "../core/features.ts";
import { judgedPolicy, mannerFor } from "./evaluation-policies.ts";
import { type Learnt, learntPolicy, limitsOf, scorerOf, turnsOf, withBonus } from "./learnt-policy.ts";
import type { Scene } from "./tree.ts";

const VERDICTS = [allow(candidateWith()), allow(WAIT), allow(PAGE)];
const SCENE: Scene = {
  decision: 0,
  state: [],
  candidates: VERDICTS.map(({ candidate }) => encodeCandidate(contextWith(), candidate, catalogue)),
  verdicts: VERDICTS,
};
const ASKS = { index: 0, asks: true };
const ACTS = { index: 0, asks: false };
const CALLS = { index: 2, asks: false };

const learnt = (name: string): Learnt => learntPolicy(name) ?? assert.fail(name);

test("a name without parts is the model as its manifest has it, and asks where that asks", () => {
  const policy = learnt("onnx:a");

  assert.deepEqual(policy, {
    ...{ kind: "learnt", model: "a", rank: null, limits: {}, pageBonus: 0, onAsk: "ask", isJudged: false },
  });
  assert.deepEqual(limitsOf(policy, limitsWith()), limitsWith());
  assert.deepEqual(withBonus(SCENE.candidates, [learntScore(1)], 0), [learntScore(1)]);
});

test("each part changes one limit, in any order, and the others stay those of the model", () => {
  const own = limitsWith({ approval: ["restart"] });

  const changed = limitsOf(learnt("onnx:a+distance:3+m:0+harm:0.4,0.3,0.2,0+delta:-0.5+support:0.01"), own);
  const even = limitsOf(learnt("onnx:a+harm:0.25"), own);

  assert.deepEqual({ ...changed, tiers: 0 }, { ...own, m: 0, delta: -0.5, support: 0.01, distance: 3, tiers: 0 });
  assert.deepEqual(
    changed.tiers.map(({ maxHarm }) => maxHarm),
    [0.4, 0.3, 0.2, 0],
  );
  assert.deepEqual(even, { ...own, tiers: own.tiers.map(({ tier }) => ({ tier, maxHarm: 0.25 })) });
});

test("a policy that its gate is said to have judged asks about no runbook for that alone, whatever else it does", () => {
  const own = limitsWith({ approval: ["restart"] });

  for (const name of ["onnx:a+judged", "clone:a+judged+noask", "onnx:a+noask+judged"])
    assert.deepEqual(limitsOf(learnt(name), own), { ...own, approval: [] }, name);
  assert.deepEqual(turnsOf(learnt("onnx:a+judged+noask"))(ASKS, SCENE), CALLS);
});

test("policies that rank alike share a scorer; a clone ranks by what people do and keeps the limits", () => {
  const names = ["onnx:a", "onnx:a+m:3+noask", "clone:a", "onnx:a+rank:0,0,1", "onnx:a+rank:1,0.5,0", "onnx:b"];

  assert.deepEqual(
    names.map((name) => scorerOf(learnt(name))),
    ["onnx:a", "onnx:a", "clone:a", "onnx:a+rank:0,0,1", "onnx:a+rank:1,0.5,0", "onnx:b"],
  );
  assert.deepEqual(limitsOf(learnt("clone:a"), limitsWith()), limitsWith());
});

test("where it would ask a person it asks, calls one or acts; where it would not it does what it would", () => {
  for (const [name, taken] of [
    ["onnx:a", ASKS],
    ["onnx:a+noask", CALLS],
    ["onnx:a+act", ACTS],
  ] as const) {
    assert.deepEqual(turnsOf(learnt(name))(ASKS, SCENE), taken, name);
    assert.deepEqual(turnsOf(learnt(name))(ACTS, SCENE), ACTS, name);
  }
});

test("the bonus is added to calling a person in every member, and to nothing else", () => {
  const scores = withBonus(SCENE.candidates, [learntScore(1), learntScore(2), learntScore(3)], 0.5);

  assert.deepEqual(
    scores.map(({ q, outlook }) => [q.mean, outlook?.members]),
    [
      [1, [1, 1, 1, 1]],
      [2, [2, 2, 2, 2]],
      [3.5, [3.5, 3.5, 3.5, 3.5]],
    ],
  );
});

const mannerOf = (name: string) =>
  mannerFor(judgedPolicy(name) ?? assert.fail(name), "day", new Map([["a", limitsWith()]]));
const decisions = Array.from({ length: 400 }, (_, decision) => ({ ...SCENE, decision }));

test("random paging calls people on its share of the decisions, and a larger share on all of a smaller one's", () => {
  const paged = ["0", "0.25", "0.5", "1"].map((share) => {
    const { limits, turns } = mannerOf(`random-paging:${share}:onnx:a`);
    assert.deepEqual(limits, limitsWith());
    return decisions.filter((scene) => (turns?.(ASKS, scene) ?? ASKS).index === 2).map(({ decision }) => decision);
  });

  const shares = paged.map((one) => one.length / decisions.length);
  assert.deepEqual([shares[0], shares[3]], [0, 1]);
  assert.ok(Math.abs((shares[1] ?? 0) - 0.25) < 0.07 && Math.abs((shares[2] ?? 0) - 0.5) < 0.07, `${shares}`);
  assert.ok(paged[1]?.every((decision) => paged[2]?.includes(decision)));
});

test("where random paging calls nobody, the other policy does what it does", () => {
  const { turns } = mannerOf("random-paging:0:onnx:a+act");

  assert.deepEqual(turns?.(ASKS, SCENE), ACTS);
  assert.deepEqual(mannerOf("random-paging:0.5:rules").limits, undefined);
});

test("a scene in which nobody can be called, and a model whose limits nobody knows, are faults", () => {
  const nobody = { ...SCENE, verdicts: [allow(candidateWith()), allow(WAIT), refuse(PAGE)] };

  assert.throws(() => turnsOf(learnt("onnx:a+noask"))(ASKS, nobody), /nobody can be called/);
  assert.throws(() => mannerOf("onnx:b"), /the limits of b are not known/);
});

for (const name of [
  ...[
    "onnx:",
    "onnx:a+",
    "onnx:a+m",
    "onnx:a+m:",
    "onnx:a+m:x",
    "onnx:a+m:1,2",
    "onnx:a+m:1+m:2",
    "onnx:a+page:1+page:2",
  ],
  ...[
    "onnx:a+harm:1,2",
    "onnx:a+harm:1,2,3,4,5",
    "onnx:a+rank:1",
    "onnx:a+noask+act",
    "onnx:a+noask+noask",
    "onnx:a+judged+judged",
    "onnx:a+ask",
  ],
  ...[
    "clone:a+rank:1,0,0",
    "clone:",
    "other:a",
    "random-paging:2:rules",
    "random-paging:0.5:clever",
    "random-paging:rules",
  ],
])
  test(`${name} is no policy`, () => assert.equal(judgedPolicy(name), null));
