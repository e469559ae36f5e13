import { z } from "zod";
import { automationDocument } from "./automation-document.ts";
import type { Context } from "./context.ts";
import type { Resource } from "./evidence.ts";
import type { GuardPorts } from "./guard-question.ts";
import type { BlastRadius, Catalogue, Runbook } from "./runbook.ts";
import { type Settings, settingsSchema } from "./settings.ts";
import type { Candidate, GuardRequest } from "./stages.ts";

/** One service with one runbook that may act on it, for the guard's tests: everything is good until a test changes it. */
export const NOW_MS = Date.UTC(2026, 0, 5, 12);
export const ACCOUNT = "111122223333";
export const API = `arn:aws:ecs:eu-west-1:${ACCOUNT}:service/shop/api`;
export const WORKER = `arn:aws:ecs:eu-west-1:${ACCOUNT}:service/shop/worker`;

export const resource = (arn: string, changed: Partial<Resource> = {}): Resource => ({
  arn,
  type: "AWS::ECS::Service",
  name: arn.split("/").at(-1) ?? "",
  service: "shop",
  root: `arn:aws:ecs:eu-west-1:${ACCOUNT}:cluster/shop`,
  zones: 1,
  tags: {},
  dependsOn: [],
  attributes: { desiredCount: 4, runningCount: 4, previousTaskDefinition: "api:41", deploymentInProgress: false },
  ...changed,
});

const sli = (name: string) => ({
  name,
  metric: { namespace: "AWS/ECS", metricName: name, dimensions: {} },
  bad: "above" as const,
  limit: 1,
  role: "errors" as const,
});

export const settingsWith = (changed: Partial<z.input<typeof settingsSchema>> = {}): Settings =>
  settingsSchema.parse({
    account: ACCOUNT,
    region: "eu-west-1",
    mode: "auto",
    services: ["shop", "billing"].map((name) => ({ name, resources: [], slis: [sli("a"), sli("b")] })),
    ...changed,
  });

export const contextWith = (settings: Settings, changed: Partial<Context> = {}): Context => {
  const service = settings.services[0];
  if (service === undefined) throw new RangeError("the settings name no service");
  return {
    incidentId: "quell-mine",
    step: 0,
    nowMs: NOW_MS,
    openedAtMs: NOW_MS - 60_000,
    alarms: [
      { key: "shop-5xx", state: "ALARM", changedAtMs: NOW_MS - 60_000, periodSeconds: 60, evaluationPeriods: 1 },
    ],
    alarmMetrics: [],
    service,
    series: [
      {
        id: "series-1",
        metric: { namespace: "AWS/ECS", metricName: "a", dimensions: {}, stat: "Average", periodSeconds: 60 },
        arn: API,
        fromMs: NOW_MS - 180_000,
        periodSeconds: 60,
        values: [1, 2, null],
      },
    ],
    logs: [],
    changes: [],
    resources: [resource(API), resource(WORKER)],
    history: [],
    tried: [],
    missing: [],
    redactions: {},
    cut: [],
    words: [],
    flaps: 0,
    restraint: null,
    ...changed,
  };
};

const document = (name: string) =>
  automationDocument(name, {
    schemaVersion: "0.3",
    description: name,
    assumeRole: "arn:aws:iam::111122223333:role/quell",
    parameters: {
      Cluster: { type: "String", description: "cluster" },
      Service: { type: "String", description: "service" },
      TaskDefinition: { type: "String", description: "version" },
      Count: { type: "Integer", description: "count" },
    },
    mainSteps: [{ name: "pause", action: "aws:sleep", inputs: { Duration: "PT1S" } }],
  });

export const RADIUS: BlastRadius = {
  share: 0,
  resources: 1,
  zones: 1,
  dataStore: false,
  capacity: { desired: 4, remaining: 4 },
};

export const runbookWith = (changed: Partial<Runbook> = {}): Runbook => ({
  id: "ecs-rollback",
  version: "1",
  title: "Roll back",
  kind: "effect",
  effect: "none",
  targetType: "AWS::ECS::Service",
  parameters: z.strictObject({
    Cluster: z.string(),
    Service: z.string(),
    TaskDefinition: z.string().optional(),
    Count: z.int().min(1).max(10).optional(),
  }) as unknown as Runbook["parameters"],
  tier: 0,
  reversal: "inverse",
  documents: { automation: document("Quell-test"), undo: document("Quell-test-undo") },
  expectedMinutes: 5,
  cooldownSeconds: 600,
  whenRecovered: "finish",
  treats: [],
  endsDeployment: false,
  blastRadius: () => RADIUS,
  suitsWhen: "In tests.",
  aim: () => null,
  suits: () => [],
  ...changed,
});

const still = (id: string, kind: "wait" | "page"): Runbook =>
  runbookWith({ id, kind, targetType: null, documents: null, reversal: "not-needed", parameters: z.strictObject({}) });

export const catalogueWith = (...runbooks: readonly Runbook[]): Catalogue => ({
  hash: "catalogue",
  runbooks: [...runbooks, still("wait", "wait"), still("page", "page")],
});

export const candidateWith = (changed: Partial<Candidate> = {}): Candidate => ({
  runbook: "ecs-rollback",
  version: "1",
  target: API,
  params: { Cluster: "shop", Service: "api" },
  source: "drafter",
  fit: 0.9,
  rank: 0,
  recovers: null,
  doubt: null,
  says: null,
  because: "",
  evidence: [],
  ...changed,
});
export const WAIT = candidateWith({ runbook: "wait", target: null, params: {}, source: "always" });
export const PAGE = candidateWith({ runbook: "page", target: null, params: {}, source: "always" });

/** Ports that are all well: an empty ledger, a switch that is on, and guardrails that remember what they were asked. */
export const portsWith = (
  changed: Partial<GuardPorts> = {},
): GuardPorts & Readonly<{ asked: GuardRequest[]; keys: string[] }> => {
  const asked: GuardRequest[] = [];
  const keys: string[] = [];
  return {
    asked,
    keys,
    guardrails: {
      hash: "guardrails",
      ask: async (request) => {
        asked.push(request);
        return { kind: "permitted", consents: 1, policies: [] };
      },
    },
    ledger: {
      read: async (key) => {
        keys.push(key);
        return null;
      },
      write: async () => {
        throw new Error("the guard writes nothing");
      },
      list: async () => [],
    },
    switch: { read: async () => "on" },
    clock: { nowMs: () => NOW_MS },
    catalogue: catalogueWith(runbookWith()),
    ...changed,
  };
};
