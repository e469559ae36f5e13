import { z } from "zod";
import type { Deed } from "./act.ts";
import type { Alarm, MetricRef } from "./alarm.ts";
import type { Question } from "./approve.ts";
import { type AutomationDocument, automationDocument } from "./automation-document.ts";
import type { Chapter } from "./chapter.ts";
import { choose } from "./choose.ts";
import type { Context } from "./context.ts";
import type { Decision } from "./decide.ts";
import type { AlarmSnapshot, Resource, Series } from "./evidence.ts";
import { encodeCandidate, encodeState } from "./features.ts";
import { hashOf } from "./ids.ts";
import type { Incident } from "./incident.ts";
import { because, type RefusedCode } from "./reasons.ts";
import type { Catalogue, Runbook } from "./runbook.ts";
import { type ServiceSettings, type Settings, type SliSettings, settingsSchema } from "./settings.ts";
import type { Allowed, Candidate, Estimate, Limits, Outlook, Plan, Refused, Score, Verdict } from "./stages.ts";
import { type Past, pastOf } from "./track-record.ts";
import { baselineOf } from "./verify.ts";

/** Values for tests: one service `api` on ECS with two SLIs, one runbook `restart`, `wait` and `page`. All pure. */
export const OPENED_MS: number = Date.UTC(2026, 0, 5, 10, 0, 0);
export const MINUTE_MS = 60_000;
export const API_ARN = "arn:aws:ecs:eu-west-1:123456789012:service/main/api";

const elb = (metricName: string, stat: string): MetricRef => ({
  namespace: "AWS/ApplicationELB",
  metricName,
  dimensions: { LoadBalancer: "app/api/1" },
  stat,
  periodSeconds: 60,
});
export const ERRORS: MetricRef = elb("HTTPCode_Target_5XX_Count", "Sum");
export const REQUESTS: MetricRef = elb("RequestCount", "Sum");
export const LATENCY: MetricRef = elb("TargetResponseTime", "Average");

export const errorsSli: SliSettings = {
  ...{ name: "errors", metric: { ...ERRORS }, per: { ...REQUESTS } },
  ...{ bad: "above", limit: 0.05, role: "errors" },
};
export const latencySli: SliSettings = {
  ...{ name: "latency", metric: { ...LATENCY }, bad: "above", limit: 1, role: "latency" },
};
export const service: ServiceSettings = {
  name: "api",
  environment: "production",
  severity: 2,
  owners: [],
  resources: [API_ARN],
  dependsOn: [],
  slis: [errorsSli, latencySli],
  logGroups: [],
};

export const settingsWith = (changes: Partial<z.input<typeof settingsSchema>> = {}): Settings =>
  settingsSchema.parse({
    account: "123456789012",
    region: "eu-west-1",
    mode: "auto",
    services: [service],
    alarms: { "api-5xx": "api" },
    ...changes,
  });

export const alarmWith = (changes: Partial<Alarm> = {}): Alarm => {
  const alarmName = changes.alarmName ?? "api-5xx";
  return {
    ...{ key: `123456789012/eu-west-1/${alarmName}`, account: "123456789012", region: "eu-west-1", alarmName },
    ...{
      contributorId: null,
      attributes: {},
      kind: "metric",
      state: "ALARM",
      changedAtMs: OPENED_MS,
      previousState: "OK",
    },
    ...{ reason: "", description: null, metrics: [ERRORS], threshold: null, suppressedBy: null, muted: false },
    ...changes,
  };
};

export const snapshotWith = (changes: Partial<AlarmSnapshot> = {}): AlarmSnapshot => ({
  key: alarmWith().key,
  state: "ALARM",
  changedAtMs: OPENED_MS,
  periodSeconds: 60,
  evaluationPeriods: 3,
  ...changes,
});

/** One-minute values that begin at `fromMs`. */
export const seriesOf = (metric: MetricRef, fromMs: number, values: readonly (number | null)[]): Series => ({
  id: `${metric.namespace}/${metric.metricName}`,
  metric,
  arn: null,
  fromMs,
  periodSeconds: metric.periodSeconds,
  values,
});

export const resourceWith = (changes: Partial<Resource> = {}): Resource => ({
  ...{ arn: API_ARN, type: "AWS::ECS::Service", name: "api", service: "api" },
  ...{ root: "arn:aws:ecs:eu-west-1:123456789012:cluster/main", zones: 1, tags: {}, dependsOn: [] },
  attributes: { desiredCount: 4, runningCount: 4 },
  ...changes,
});

/** Ten minutes after the opening, with an hour of steady traffic of which a tenth fails. */
export const contextWith = (changes: Partial<Context> = {}): Context => {
  const steady = (metric: MetricRef, value: number): Series =>
    seriesOf(metric, OPENED_MS - 50 * MINUTE_MS, Array(59).fill(value));
  return {
    ...{ incidentId: "quell-test", step: 0, nowMs: OPENED_MS + 10 * MINUTE_MS, openedAtMs: OPENED_MS },
    ...{ alarms: [snapshotWith()], alarmMetrics: [ERRORS], service, resources: [resourceWith()] },
    series: [steady(ERRORS, 10), steady(REQUESTS, 100), steady(LATENCY, 0.2)],
    ...{ logs: [], changes: [], history: [], tried: [], missing: [], redactions: {} },
    ...{ cut: [], words: [], flaps: 0, restraint: null },
    ...changes,
  };
};

/** A document of one call; `parameters` are its own, each a String. */
export const documentOf = (name: string, parameters: readonly string[] = ["Service"]): AutomationDocument =>
  automationDocument(name, {
    schemaVersion: "0.3",
    description: name,
    assumeRole: "arn:aws:iam::123456789012:role/quell",
    parameters: Object.fromEntries(parameters.map((one) => [one, { type: "String", description: one }])),
    mainSteps: [
      { name: "Update", action: "aws:executeAwsApi", inputs: { Service: "ecs", Api: "UpdateService" }, isEnd: true },
    ],
  });

export const runbookWith = (changes: Partial<Runbook> = {}): Runbook => ({
  id: "restart",
  version: "1.0.0",
  title: "Restart the service",
  kind: "effect",
  effect: "Tasks are replaced one by one.",
  targetType: "AWS::ECS::Service",
  parameters: z.strictObject({ Service: z.string() }),
  tier: 0,
  reversal: "inverse",
  documents: { automation: documentOf("Quell-restart"), undo: documentOf("Quell-restart-undo", ["Before"]) },
  ...{ expectedMinutes: 5, cooldownSeconds: 600, whenRecovered: "finish", treats: [], endsDeployment: false },
  blastRadius: () => ({ share: 0, resources: 1, zones: 1, dataStore: false, capacity: null }),
  suitsWhen: "In tests.",
  aim: () => null,
  suits: () => [
    { target: API_ARN, params: { Service: "api" }, fit: 0.9, because: "it fits", says: null, evidence: [] },
  ],
  ...changes,
});

const touchingNothing = (kind: "wait" | "page", fit: number): Runbook =>
  runbookWith({
    id: kind,
    kind,
    title: kind,
    targetType: null,
    parameters: z.strictObject({}),
    reversal: "not-needed",
    documents: null,
    cooldownSeconds: 0,
    suitsWhen: "In tests.",
    aim: () => null,
    suits: () => [{ target: "", params: {}, fit, because: `${kind} is always there`, evidence: [] }],
  });
export const restart: Runbook = runbookWith();
export const wait: Runbook = touchingNothing("wait", 0.3);
export const page: Runbook = touchingNothing("page", 0.5);

export const catalogueOf = (...runbooks: readonly Runbook[]): Catalogue => ({
  hash: hashOf(runbooks.map(({ id, version }) => `${id}@${version}`)),
  runbooks,
});
export const catalogue: Catalogue = catalogueOf(restart, wait, page);

export const candidateWith = (changes: Partial<Candidate> = {}): Candidate => ({
  ...{ runbook: "restart", version: "1.0.0", target: API_ARN, params: { Service: "api" } },
  ...{ source: "rules", fit: 0.9, rank: null, recovers: null, doubt: null },
  ...{ because: "it fits", says: null, evidence: [] },
  ...changes,
});
const nothing = { target: null, params: {}, source: "always" } as const;
export const WAIT: Candidate = candidateWith({ ...nothing, runbook: "wait", fit: 0.3, because: "it may pass" });
export const PAGE: Candidate = candidateWith({ ...nothing, runbook: "page", fit: 0.5, because: "a person can help" });

export const allow = (candidate: Candidate, changes: Partial<Pick<Allowed, "tier" | "consents">> = {}): Allowed =>
  ({ kind: "allowed", candidate, tier: 0, consents: 0, facts: null, ...changes }) as Allowed;
export const refuse = (candidate: Candidate, code: RefusedCode = "cooldown"): Refused => ({
  kind: "refused",
  candidate,
  tier: 0,
  because: because(code, "it is refused"),
});

/** The middle and a tenth to either side, inside 0..1. */
export const shareOf = (mean: number): Estimate => ({
  mean,
  low: Math.max(0, mean - 0.1),
  high: Math.min(1, mean + 0.1),
});

/** What a model of four members says that is sure of the rank, and has seen the like often. */
export const outlookWith = (rank: number, changes: Partial<Outlook> = {}): Outlook => ({
  members: [rank, rank, rank, rank],
  value: { mean: rank, low: rank - 0.1, high: rank + 0.1 },
  ...{ recovers: shareOf(0.5), harms: shareOf(0.1), support: 1, distance: 0 },
  ...changes,
});

/** A learnt model's score; q is what its members say. */
export const learntScore = (rank: number, changes: Partial<Outlook> = {}): Score => {
  const outlook = outlookWith(rank, changes);
  const mean = outlook.members.reduce((sum, one) => sum + one, 0) / outlook.members.length;
  const variance = outlook.members.reduce((sum, one) => sum + (one - mean) ** 2, 0) / outlook.members.length;
  return { q: { mean, sd: Math.sqrt(variance) }, outlook };
};

/** Limits under which the outlooks above are good enough. */
export const limitsWith = (changes: Partial<Limits> = {}): Limits => ({
  ...{ m: 2, delta: 0.1, support: 0.05, distance: 10, approval: [], asks: null },
  tiers: ([0, 1, 2, 3] as const).map((tier) => ({ tier, maxHarm: 0.5 - tier / 10 })),
  ...changes,
});

type Priced = readonly (readonly [verdict: Verdict, score: number | Score])[];

/** A decision as `decide` makes it, from verdicts and their values or whole scores. */
export const decisionFor = (priced: Priced, changes: Partial<Decision> = {}, past: Past = pastOf(null)): Decision => {
  const context = contextWith({ step: changes.step ?? 0 });
  const state = encodeState(context);
  const { draw = "best", limits = null, severity = 2 } = changes;
  const { weighed, result, seed } = choose({
    incidentId: context.incidentId,
    step: context.step,
    nowMs: context.nowMs,
    approvalSeconds: 1800,
    catalogue,
    priced: priced.map(([verdict, score]) => ({
      verdict,
      features: encodeCandidate(context, verdict.candidate, catalogue, { candidates: [], past }),
      score: typeof score === "number" ? { q: { mean: score, sd: 0 } } : score,
    })),
    ...{ state, severity: severity ?? 1, draw, limits: limits ?? undefined, scorerFailure: null },
  });
  const drafter: Decision["drafter"] = {
    ...{ name: "offline", because: null, model: null, modelBecause: null },
    ...{ inputTokens: 0, outputTokens: 0, usd: 0, hypotheses: [] },
  };
  return {
    ...{ decisionId: `quell-test/${context.step}`, incidentId: "quell-test", step: context.step, mode: "auto" },
    ...{ decidedAtMs: context.nowMs, policy: "rules", modelHash: "", digest: "d", redactions: {}, missing: [] },
    ...{ cut: [], flaps: 0, restraint: null },
    ...{ drafter, state, weighed, result, seed, draw, limits, severity, facts: ["1 of 1 alarms ringing"] },
    ...{ baseline: baselineOf(service, context.series, context.nowMs), target: resourceWith() },
    ...changes,
  };
};

export const deedWith = (changes: Partial<Deed> = {}): Deed => ({
  outcome: { kind: "not-recovered", afterSeconds: 600 },
  ...{ consent: null, refusal: null, expiresAtMs: null, exit: null, undone: false, seenNews: null },
  endedAtMs: OPENED_MS + 20 * MINUTE_MS,
  ...changes,
});

/** `restart` was chosen; what came of it is said by `deed`. */
export const chapterWith = (deed: Partial<Deed> = {}, decision: Partial<Decision> = {}): Chapter => ({
  decision: decisionFor(
    [
      [allow(candidateWith()), 0.9],
      [allow(WAIT), 0.3],
      [allow(PAGE), 0.5],
    ],
    decision,
  ),
  deed: deedWith(deed),
});

export const incidentWith = (changes: Partial<Incident> = {}): Incident => ({
  ...{ id: "quell-test", keys: [alarmWith().key], covers: {}, states: {}, metrics: { [alarmWith().key]: [ERRORS] } },
  ...{ rings: {}, words: [], gone: {}, umbrella: false },
  ...{ account: "123456789012", region: "eu-west-1", alarmName: "api-5xx", service: "api", environment: "production" },
  ...{ severity: 2, openedAtMs: OPENED_MS, startedBy: null, startedAtMs: null, decided: 0, doorbell: null, news: 0 },
  ...{ terminal: null, because: null, closedAtMs: null, watching: false },
  ...changes,
});

/** The plan of the one effect in a decision; throws where it chose none. */
export const planOf = (decision: Decision): Plan => {
  const plan = decision.result.kind === "chosen" ? decision.result.plan : null;
  if (plan === null) throw new Error("this decision has no plan");
  return plan;
};

export const questionWith = (changes: Partial<Question> = {}): Question => ({
  ...{ incidentId: "quell-test", step: 0, plan: planOf(chapterWith().decision), tier: 1, consents: 1 },
  ...changes,
});
