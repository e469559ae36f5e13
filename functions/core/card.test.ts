import assert from "node:assert/strict";
import { test } from "node:test";
import { questionOf } from "./approve.ts";
import { cardFor } from "./card.ts";
import type { Decision } from "./decide.ts";
import {
  API_ARN,
  allow,
  candidateWith,
  catalogue,
  catalogueOf,
  decisionFor,
  learntScore,
  limitsWith,
  PAGE,
  planOf,
  questionWith,
  refuse,
  resourceWith,
  runbookWith,
  WAIT,
} from "./example.fixture.ts";
import type { Runbook } from "./runbook.ts";

const other = candidateWith({ params: { Service: "api-2" } });
const decision = decisionFor([
  [allow(candidateWith(), { tier: 2, consents: 1 }), 0.9],
  [refuse(other, "cooldown"), 0.8],
  [allow(WAIT), 0.3],
  [allow(PAGE), 0.5],
]);
const questionFor = (one: Decision) => {
  const question = one.result.kind === "chosen" ? questionOf("quell-test", one.step, one.result) : null;
  return question ?? questionWith();
};

test("a card shows exactly what was decided: plan, tier, consents, target, facts and expiry", () => {
  const plan = planOf(decision);

  const card = cardFor(catalogue, decision, questionFor(decision));

  assert.deepEqual(card, {
    incidentId: "quell-test",
    decisionId: "quell-test/0",
    plan,
    title: "Restart the service",
    effect: "Tasks are replaced one by one.",
    tier: 2,
    consentsNeeded: 1,
    target: resourceWith(),
    facts: decision.facts,
    undo: "restores the previous values, by its own document, if the service does not recover",
    expectedMinutes: 5,
    runnerUp: `restart on ${API_ARN} (0.80), refused: it is refused`,
    asks: null,
    expects: ["earlier runs cannot be read"],
    runnerUpExpects: [],
    drafterSays: null,
    expiresAtMs: plan.expiresAtMs,
  });
});

const learnt = decisionFor(
  [
    [allow(candidateWith(), { tier: 1 }), learntScore(-0.5, { support: 0.01 })],
    [allow(other), learntScore(-0.7)],
    [allow(WAIT), learntScore(-0.9)],
    [allow(PAGE), learntScore(-1)],
  ],
  { limits: limitsWith() },
);

test("a card shows why a person is asked where the guard would ask nobody, and the consent that it takes", () => {
  const card = cardFor(catalogue, learnt, questionFor(learnt));

  assert.deepEqual(
    [card.asks?.code, card.asks?.detail, card.consentsNeeded],
    ["low-support", "people seldom do it in such a scene: 1 for each 100 of what they do most, 5 are wanted", 1],
  );
  assert.equal(cardFor(catalogue, decision, questionFor(decision)).asks, null);
});

test("a card of a learnt policy shows what is expected of what was chosen and of what came second", () => {
  const card = cardFor(catalogue, learnt, questionFor(learnt));

  assert.deepEqual(card.expects, [
    "better than calling a person by 0.50 (0.36 to 0.64)",
    "recovers in 50 of 100 (40 to 60)",
    "0 of 100 more than recover by waiting (-14 to 14)",
    "undone, worse or unknown after in 10 of 100 (0 to 20)",
    "earlier runs cannot be read",
  ]);
  assert.equal(card.runnerUp, `restart on ${API_ARN} (-0.70), lower by 0.20`);
  assert.deepEqual(card.runnerUpExpects, [
    "better than calling a person by 0.30 (0.16 to 0.44)",
    ...card.expects.slice(1),
    "takes about 5 min",
  ]);
});

test("a drafter's words are shown as its own and never as a fact, bounded, visible and without secrets", () => {
  const says = "no\u202e impact\u0007, token=hunter2 ";
  const said = decisionFor([[allow(candidateWith({ source: "drafter", rank: 0, says }), { consents: 1 }), 1]]);
  const endless = decisionFor([
    [allow(candidateWith({ source: "drafter", rank: 0, says: "a ".repeat(999) }), { consents: 1 }), 1],
  ]);
  const silent = decisionFor([[allow(candidateWith({ source: "drafter", rank: 0, says: " \u200b" })), 1]]);

  const [card, long, none] = [said, endless, silent].map((one) => cardFor(catalogue, one, questionFor(one)));

  assert.equal(card?.drafterSays, "no impact , <password>");
  assert.deepEqual(card?.facts, said.facts);
  assert.equal(long?.drafterSays?.length, 299);
  assert.equal(none?.drafterSays, null);
});

test("a card survives the journal: it is the same for a decision that was stored as JSON", () => {
  for (const one of [decision, learnt]) {
    const stored = JSON.parse(JSON.stringify(one)) as Decision;

    const card = cardFor(catalogue, stored, questionFor(stored));

    assert.deepEqual(card, cardFor(catalogue, one, questionFor(one)));
  }
});

test("a card can be made of a stored decision in which a refused candidate's value is no number", () => {
  const odd = decisionFor([
    [allow(candidateWith()), 0.9],
    [refuse(other), Number.NaN],
    [allow(PAGE), -0.5],
  ]);
  const stored = JSON.parse(JSON.stringify(odd)) as Decision;

  const card = cardFor(catalogue, stored, questionFor(stored));

  assert.equal(card.runnerUp, "page (-0.50), lower value");
});

test("how it is taken back is said in words, and that it cannot be is said loudest", () => {
  const reversals: readonly Runbook["reversal"][] = ["inverse", "not-needed", "none"];

  const undos = reversals.map(
    (reversal) => cardFor(catalogueOf(runbookWith({ reversal })), decision, questionFor(decision)).undo,
  );

  assert.match(undos[0] ?? "", /^restores/);
  assert.match(undos[1] ?? "", /^not needed/);
  assert.match(undos[2] ?? "", /^NONE/);
});

test("the runner-up is the best of the others by value, with why it lost", () => {
  const cases = [
    decision,
    decisionFor([
      [allow(candidateWith()), 0.9],
      [refuse(other), 0.4],
      [allow(PAGE), 0.5],
    ]),
    decisionFor([[allow(candidateWith()), 0.5]]),
  ];

  const runnersUp = cases.map((one) => cardFor(catalogue, one, questionFor(one)).runnerUp);

  assert.deepEqual(runnersUp, [
    `restart on ${API_ARN} (0.80), refused: it is refused`,
    "page (0.50), lower value",
    null,
  ]);
});

test("there is no card for a runbook that is not in the catalogue, or for a target that nobody knows", () => {
  const unknown = () => cardFor(catalogueOf(), decision, questionFor(decision));
  const lost = () => cardFor(catalogue, { ...decision, target: null }, questionFor(decision));

  assert.throws(unknown, /quell-test\/0: a card needs/);
  assert.throws(lost, /quell-test\/0: a card needs/);
});
