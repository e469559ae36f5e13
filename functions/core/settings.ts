import { z } from "zod";

/**
 * Every setting of Quell with its default and its unit, in one schema. Users write `quell.config.ts`.
 * An SLI's `bad` says which side of `limit` hurts users; every service names at least two.
 */
const metric = z.strictObject({
  namespace: z.string().min(1),
  metricName: z.string().min(1),
  dimensions: z.record(z.string(), z.string()),
  stat: z.string().min(1).default("Average"),
  periodSeconds: z.int().positive().default(60),
});

const sli = z.strictObject({
  name: z.string().min(1),
  metric,
  /** Divides `metric` when given: an error count over a request count. */
  per: metric.optional(),
  bad: z.enum(["above", "below"]),
  limit: z.number(),
  /** `traffic` marks the series against which a return of traffic is judged. */
  role: z.enum(["errors", "latency", "saturation", "traffic"]),
});

export const serviceSettings = z.strictObject({
  name: z.string().min(1),
  environment: z.string().min(1).default("production"),
  severity: z.int().min(1).max(4).default(2),
  mode: z.enum(["observe", "approve", "auto"]).optional(),
  owners: z.array(z.string()).default([]),
  /** ARNs of its own resources. */
  resources: z.array(z.string()),
  /** Names of the services that it calls. */
  dependsOn: z.array(z.string()).default([]),
  slis: z.array(sli).min(2),
  /** Log groups to read, none by default. */
  logGroups: z.array(z.string()).default([]),
});

const usdPerMillionTokens = z.strictObject({
  input: z.number().min(0),
  /** Writing the prompt cache for an hour, and reading it. */
  cacheWrite: z.number().min(0),
  cacheRead: z.number().min(0),
  output: z.number().min(0),
});

/** One model that may be asked: for which severities, how hard it thinks, and what it costs. */
const modelSettings = z.strictObject({
  /** As the provider names it. On Bedrock an id with a dot, or an ARN, is asked as it stands. */
  id: z.string().min(1),
  severities: z.array(z.int().min(1).max(4)).min(1),
  effort: z.enum(["low", "medium", "high"]),
  usdPerMillionTokens,
});

/**
 * List prices of platform.claude.com in October 2026, for prompts below 100,000 tokens. The first model that covers the
 * severity and fits what is left of the budget is asked.
 */
const MODELS: z.input<typeof modelSettings>[] = [
  {
    id: "claude-sonnet-5-5",
    severities: [1, 2],
    effort: "medium",
    usdPerMillionTokens: { input: 2, cacheWrite: 4, cacheRead: 0.1, output: 10 },
  },
  {
    id: "claude-haiku-5-5",
    severities: [1, 2, 3, 4],
    effort: "medium",
    usdPerMillionTokens: { input: 0.1, cacheWrite: 0.2, cacheRead: 0.01, output: 0.5 },
  },
];

const drafterSettings = z
  .strictObject({
    /** Who drafts. A network drafter only where it is named. */
    name: z.enum(["offline", "anthropic", "bedrock"]).default("offline"),
    models: z.array(modelSettings).min(1).prefault(MODELS),
    /**
     * Stands before every other model's id on Bedrock, and decides where an incident's data may be read: `global.anthropic.`
     * in any commercial Region of the world, `eu.anthropic.` or `us.anthropic.` in that geography, `anthropic.` in your
     * Region alone, where the model is offered there (docs.aws.amazon.com/bedrock/latest/userguide/cross-region-inference.html).
     */
    bedrockInferenceProfile: z
      .string()
      .regex(/^(?:[a-z0-9-]+\.)+$/, "ends with a dot, for instance eu.anthropic.")
      .default("global.anthropic."),
    /** All tries together. */
    deadlineSeconds: z.number().positive().default(60),
    /** One try: no answer in that time is a lost connection. Not more than all tries together. */
    trySeconds: z.number().positive().default(40),
    mostTries: z.int().min(1).max(5).default(3),
    maxOutputTokens: z.int().positive().default(4_000),
  })
  .refine(({ trySeconds, deadlineSeconds }) => trySeconds <= deadlineSeconds, {
    message: "one try must not take longer than all together: trySeconds <= deadlineSeconds",
    path: ["trySeconds"],
  });

/** Below a thousandth no team has the runs, and above a half there is nothing left to prove. */
export const harmShare = z.number().min(0.001).max(0.5);

export const settingsSchema = z.strictObject({
  account: z.string().min(1),
  region: z.string().min(1),
  mode: z.enum(["observe", "approve", "auto"]).default("observe"),
  services: z.array(serviceSettings),
  /** Maps an alarm's name to its service; an alarm that no service claims is matched by its metric's dimensions. */
  alarms: z.record(z.string(), z.string()).default({}),
  budgets: z
    .strictObject({
      actionsPerServiceAndHour: z.int().positive().default(3),
      actionsPerResourceAndDay: z.int().positive().default(4),
      runningInAll: z.int().positive().default(2),
      usdPerIncident: z.number().positive().default(0.25),
      tokensPerIncident: z.int().positive().default(60_000),
      /** Over all incidents: a storm must not become a bill. */
      usdPerHour: z.number().positive().default(2.5),
      modelCallsPerHour: z.int().positive().default(60),
    })
    .prefault({}),
  breaker: z
    .strictObject({
      failures: z.int().positive().default(2),
      openSeconds: z
        .int()
        .positive()
        .default(6 * 3600),
    })
    .prefault({}),
  capacityFloor: z
    .strictObject({ share: z.number().min(0).max(1).default(0.5), minimum: z.int().min(0).default(1) })
    .prefault({}),
  /** Largest share of a target that a runbook may interrupt at once, and the most resources it may touch. */
  blastRadius: z
    .strictObject({ share: z.number().min(0).max(1).default(1), resources: z.int().positive().default(3) })
    .prefault({}),
  /** An alarm that goes to ALARM this often within this time flaps: no effect without a person's consent. */
  flap: z.strictObject({ alarms: z.int().min(2).default(4), seconds: z.int().positive().default(900) }).prefault({}),
  /** This many distinct alarms within this time are a storm: one umbrella incident, one page, no effect without consent. */
  storm: z
    .strictObject({ alarms: z.int().min(2).max(200).default(30), seconds: z.int().positive().default(300) })
    .prefault({}),
  /** Budgets of what is read and sent; what they leave out is said in the context. */
  context: z
    .strictObject({
      logLines: z.int().positive().default(5_000),
      logBytes: z.int().positive().default(1_000_000),
      logTemplates: z.int().positive().default(20),
      /**
       * Of an incident's document in a prompt; a usual one has 8,000. Of the largest, an incident's tokens pay for two calls
       * at their dearest and one try that got no reply.
       */
      promptBytes: z.int().positive().max(150_000).default(24_000),
    })
    .prefault({}),
  drafter: drafterSettings.prefault({}),
  /** What a runbook has to show before it may act without a person's consent; see `autonomy.ts`. */
  autonomy: z
    .strictObject({
      /**
       * Highest share of runs that may do harm, 0..1, by the runbook's tier: unknown outcomes and people's vetoes count as
       * harm.
       */
      maxHarmShare: z.strictObject({ tier0: harmShare.default(0.05), tier1: harmShare.default(0.05) }).prefault({}),
      /** How sure one must be that no runbook was let act alone by luck, and of its uplift; 0.5..1. */
      confidence: z.number().min(0.5).max(0.9999).default(0.95),
      /** Waits from which it is known how often an alarm recovers by itself; with fewer, nothing is earned. */
      leastWaits: z.int().positive().default(20),
    })
    .prefault({}),
  /** How far before the alarm evidence is read. */
  lookBackSeconds: z.int().positive().default(3600),
  /** A plan older than this runs only if its runbook still suits what is seen then. */
  planAgeSeconds: z.int().positive().default(300),
  approvalSeconds: z.int().positive().default(1800),
  evidenceAgeSeconds: z.int().positive().default(300),
  /** Nothing is done to a resource for so long after somebody else changed it, but to take that change back; 0 is off. */
  changeQuietSeconds: z.int().min(0).default(900),
  /** For so long after an effect of ours helped, a change of somebody else to its target opens the incident again; 0 is off. */
  overwrittenSeconds: z
    .int()
    .min(0)
    .default(24 * 3600),
  decisionsPerIncident: z.int().min(1).max(6).default(6),
  waitSeconds: z.int().positive().default(300),
  /**
   * How often a learnt model proposes another candidate that is about as good, to learn from it, 0 to 0.5; 0 is never. Without
   * it no later model can be compared with this one on the account's own record.
   */
  exploration: z.strictObject({ epsilon: z.number().min(0).max(0.5).default(0) }).prefault({}),
  /** How long a runbook's effect is watched before it counts as not recovered, beyond its expected minutes. */
  verifySeconds: z.int().positive().default(900),
  soakSeconds: z.int().positive().default(300),
  /** An alarm of a service that shares a dependency joins an open incident within this time of its opening. */
  foldSeconds: z.int().positive().default(900),
  /** How long an alarm is watched after it was handed over to people: their time is part of the outcome. */
  handoverSeconds: z
    .int()
    .positive()
    .default(8 * 3600),
  /** Nothing is known after this instant: the end of a recording. Null in a live account. */
  horizonMs: z.number().nullable().default(null),
  /** Freeze windows, UTC: nothing is changed inside them. */
  freezes: z.array(z.strictObject({ fromMs: z.number(), toMs: z.number(), reason: z.string() })).default([]),
  /** Environments in which a named runbook may never run. */
  forbidden: z.array(z.strictObject({ runbook: z.string(), environment: z.string() })).default([]),
});

export type Settings = z.infer<typeof settingsSchema>;
/** Settings as their owner writes them: what has a default may be left out. */
export type SettingsInput = z.input<typeof settingsSchema>;
export type ServiceSettings = z.infer<typeof serviceSettings>;
export type DrafterSettings = z.infer<typeof drafterSettings>;
export type ModelSettings = z.infer<typeof modelSettings>;
export type SliSettings = z.infer<typeof sli>;

/** Share of one severity-1 minute that a minute at each severity costs. */
export const IMPACT_RATE: Readonly<Record<number, number>> = { 1: 1, 2: 0.5, 3: 0.2, 4: 0.05 };
