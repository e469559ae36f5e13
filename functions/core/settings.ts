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
  /** How far before the alarm evidence is read. */
  lookBackSeconds: z.int().positive().default(3600),
  /** A plan older than this runs only if its runbook still suits what is seen then. */
  planAgeSeconds: z.int().positive().default(300),
  approvalSeconds: z.int().positive().default(1800),
  evidenceAgeSeconds: z.int().positive().default(300),
  decisionsPerIncident: z.int().min(1).max(6).default(6),
  waitSeconds: z.int().positive().default(300),
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
export type SliSettings = z.infer<typeof sli>;

/** Share of one severity-1 minute that a minute at each severity costs. */
export const IMPACT_RATE: Readonly<Record<number, number>> = { 1: 1, 2: 0.5, 3: 0.2, 4: 0.05 };
