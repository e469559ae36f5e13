import type { Card } from "../../core/stages.ts";

const ARN = "arn:aws:ecs:eu-west-1:111122223333:service/shop-prod/shop-web";
export const EXPIRES_MS = Date.UTC(2026, 0, 5, 3, 30);
export const ASKED_MS = EXPIRES_MS - 1_800_000;

/** A card of a grave plan that one person may approve. */
export const cardWith = (changes: Partial<Card> = {}): Card => ({
  incidentId: "quell-one",
  decisionId: "quell-one/0",
  plan: {
    hash: "abcdef012345".padEnd(64, "0"),
    runbook: "ecs-rollback",
    version: "1.0.0",
    documentHash: "b".repeat(64),
    undoHash: null,
    target: ARN,
    params: { TaskDefinition: "shop-web:29", Cluster: "shop-prod", DesiredCount: 4 },
    madeAtMs: ASKED_MS,
    expiresAtMs: EXPIRES_MS,
  },
  title: "Roll a service back",
  effect: "Tasks are replaced.",
  tier: 1,
  consentsNeeded: 1,
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
  expects: ["recovers in 50 of 100 (40 to 60)"],
  runnerUpExpects: [],
  drafterSays: null,
  expiresAtMs: EXPIRES_MS,
  ...changes,
});
