import assert from "node:assert/strict";
import { test } from "node:test";
import { because } from "../core/reasons.ts";
import type { Card } from "../core/stages.ts";
import { cardLines } from "./card.ts";

const ARN = "arn:aws:ecs:eu-west-1:111122223333:service/shop-prod/shop-web";
const card: Card = {
  incidentId: "quell-one",
  decisionId: "quell-one/0",
  plan: {
    hash: "abcdef012345".padEnd(64, "0"),
    runbook: "ecs-rollback",
    version: "1.0.0",
    documentHash: "",
    undoHash: null,
    target: ARN,
    params: { TaskDefinition: "shop-web:29", Cluster: "shop\u001b[2J" },
    madeAtMs: 0,
    expiresAtMs: 1_800_000,
  },
  title: "Roll a service back",
  effect: "Tasks are replaced.",
  tier: 2,
  consentsNeeded: 2,
  target: {
    arn: ARN,
    type: "AWS::ECS::Service",
    name: "shop-web",
    service: "web",
    root: ARN,
    zones: 2,
    tags: {},
    dependsOn: [],
    attributes: {},
  },
  facts: ["1 of 1 alarms ringing", "deployed 4 min before"],
  undo: "restores the previous values",
  expectedMinutes: 6,
  runnerUp: "page (0.50), lower value",
  asks: null,
  expects: [],
  runnerUpExpects: [],
  drafterSays: null,
  expiresAtMs: 1_800_000,
};

test("a card shows computed facts first, then exactly what would run, its undo, the runner-up and the expiry", () => {
  const lines = cardLines(card, 600_000, (_format, text) => text);

  assert.deepEqual(lines, [
    "Roll a service back",
    "  fact        1 of 1 alarms ringing",
    "  fact        deployed 4 min before",
    "  runbook     ecs-rollback@1.0.0",
    `  target      ${ARN}`,
    '  parameter   Cluster = "shop\\u001b[2J"',
    '  parameter   TaskDefinition = "shop-web:29"',
    "  effect      Tasks are replaced.",
    "  undo        restores the previous values",
    "  takes       about 6 min",
    "  tier        T2, needs 2 consents",
    "  runner-up   page (0.50), lower value",
    "  expires     in 20 min",
    "  plan        abcdef012345",
  ]);
});

test("a card says why a person is asked, what is expected, and what was expected of what came second", () => {
  const learnt: Card = {
    ...{ ...card, runnerUp: "wait (-0.90), lower by 0.40" },
    asks: because("low-support", "people seldom do it\u001b[2J"),
    expects: ["better than calling a person by 0.42 (0.20 to 0.64)", "12 earlier runs here on such alarms, 9 helped"],
    runnerUpExpects: ["heals by itself in 19 of 100 (10 to 25)"],
  };

  const lines = cardLines(learnt, 600_000, (_format, text) => text);

  assert.deepEqual(lines.slice(lines.findIndex((line) => line.startsWith("  tier")) + 1, -2), [
    "  asks        low-support: people seldom do it [2J",
    "  expected    better than calling a person by 0.42 (0.20 to 0.64)",
    "  expected    12 earlier runs here on such alarms, 9 helped",
    "  runner-up   wait (-0.90), lower by 0.40",
    "              heals by itself in 19 of 100 (10 to 25)",
  ]);
});

test("a model's words come last, on one line that says whose they are", () => {
  const drafterSays = "no impact\n  fact        approved by everybody\u001b[2J";

  const lines = cardLines({ ...card, drafterSays }, 600_000, (_format, text) => text);

  assert.equal(lines.at(-1), "  the model's words, not a fact: no impact   fact        approved by everybody [2J");
  assert.equal(lines.filter((line) => line.startsWith("  fact")).length, card.facts.length);
});
