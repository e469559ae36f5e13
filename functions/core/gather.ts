import type { MetricRef } from "./alarm.ts";
import { openBoundary } from "./boundary.ts";
import type { AlarmWords, Context } from "./context.ts";
import type { AlarmSnapshot, AlarmTransition, Resource, Series, TellLack } from "./evidence.ts";
import { sha256 } from "./ids.ts";
import { templatesOf } from "./log-templates.ts";
import type { Evidence } from "./ports.ts";
import { remembered } from "./remembered.ts";
import { flapsIn, restraintOf } from "./restraint.ts";
import type { ServiceSettings, Settings } from "./settings.ts";
import { sameMetric } from "./severity.ts";
import type { Tried } from "./stages.ts";
import { standardMetrics } from "./standard-metrics.ts";

/** What gathering needs to know of an incident. */
export type Subject = Readonly<{
  incidentId: string;
  keys: readonly string[];
  openedAtMs: number;
  service: string;
  alarmMetrics: readonly MetricRef[];
  words: readonly AlarmWords[];
  /** When each alarm was delivered in ALARM, by key. */
  rings: Readonly<Record<string, readonly number[]>>;
  /** Whether a storm of alarms rages. */
  storm: boolean;
}>;

/** One GetMetricData request takes 500; this many tell of the forty nearest resources. */
const MOST_SERIES = 200;

/** CloudWatch tells the history of one alarm a call; the first of an incident's alarms are its own and the earliest. */
const MOST_HISTORIES = 5;

/** The last day of each alarm as one history, oldest change first. Throws where one of them cannot be read. */
const historyOf = async (
  evidence: Evidence,
  keys: readonly string[],
  nowMs: number,
): Promise<readonly AlarmTransition[]> => {
  const each = await Promise.all(keys.map((key) => evidence.history(key, nowMs - 86_400_000, nowMs)));
  return each.flat().toSorted((one, other) => one.atMs - other.atMs);
};

/** The service itself and everything it calls, nearest first. */
export const servicesReached = remembered((settings: Settings, name: string): readonly ServiceSettings[] => {
  const services = new Map(settings.services.toReversed().map((service) => [service.name, service]));
  const reached = new Set<ServiceSettings>();
  const queue = [name];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const service = services.get(next);
    if (service === undefined || reached.has(service)) continue;
    reached.add(service);
    queue.push(...service.dependsOn);
  }
  return [...reached];
});

/** What is read of services for every decision about one of them: their resources, log groups and SLIs' metrics. */
const scopeOf = remembered((services: readonly ServiceSettings[], _all: null) => ({
  roots: services.flatMap(({ resources }) => resources),
  logGroups: [...new Set(services.flatMap(({ logGroups }) => logGroups))],
  metrics: services.map(({ name, slis }) => ({
    service: name,
    slis: slis.flatMap(({ metric, per }): readonly MetricRef[] => (per === undefined ? [metric] : [metric, per])),
  })),
}));

/** Every metric worth reading, the nearest first: a service's SLIs, then the standard ones of its resources. */
const metricsNearby = (
  scope: ReturnType<typeof scopeOf>["metrics"],
  resources: readonly Resource[],
): readonly MetricRef[] => {
  const owned = new Map<string, Resource[]>(scope.map(({ service }) => [service, []]));
  const others: Resource[] = [];
  for (const resource of resources) (owned.get(resource.service) ?? others).push(resource);
  const near = scope.flatMap(({ service, slis }) => [...slis, ...(owned.get(service) ?? []).flatMap(standardMetrics)]);
  return [...near, ...others.flatMap(standardMetrics)];
};

/** The last of a metric's dimensions' values in the order of the alphabet: it tells most metrics of one name apart. */
const lastValue = ({ dimensions }: MetricRef): string => {
  let last = "";
  for (const value of Object.values(dimensions)) if (value > last) last = value;
  return last;
};

/** Each metric once, the first of several references to it. */
const distinct = (metrics: readonly MetricRef[]): readonly MetricRef[] => {
  const kept: MetricRef[] = [];
  const byName = new Map<string, Map<string, MetricRef[]>>();
  for (const metric of metrics) {
    const named = byName.get(metric.metricName) ?? new Map<string, MetricRef[]>();
    byName.set(metric.metricName, named);
    const others = named.get(lastValue(metric)) ?? [];
    if (others.some((other) => sameMetric(metric, other))) continue;
    named.set(lastValue(metric), others);
    others.push(metric);
    kept.push(metric);
  }
  return kept;
};

/**
 * Reads the world for one decision. A source that fails is named in `missing`; nothing here throws for it. Sizes are
 * bounded, and other people's words are redacted here, once.
 */
export const gatherContext = async (
  evidence: Evidence,
  settings: Settings,
  service: ServiceSettings,
  subject: Subject,
  at: Readonly<{ nowMs: number; step: number; tried: readonly Tried[] }>,
): Promise<Context> => {
  const boundary = openBoundary();
  const missing: { source: string; because: string }[] = [];
  const lost = (source: string, because: string): void => {
    if (missing.every((one) => one.source !== source)) missing.push({ source, because: boundary.sentence(because) });
  };
  const reading = async <T>(source: string, none: T, read: (tell: TellLack) => Promise<T>): Promise<T> => {
    try {
      return await read((lack) => {
        if (lack.kind === "unread") lost(source, lack.because);
        else boundary.count({}, [{ source, kept: lack.kept, of: lack.of, unit: lack.unit }]);
      });
    } catch (error) {
      lost(source, error instanceof Error ? error.message : String(error));
      return none;
    }
  };
  const services = servicesReached(settings, service.name);
  const fromMs = subject.openedAtMs - settings.lookBackSeconds * 1000;
  const { roots, logGroups, metrics } = scopeOf(services, null);
  const resources = await reading<readonly Resource[]>("resources", [], () => evidence.resources(roots));
  const arns = resources.map((resource) => resource.arn);
  const alarms = await reading<readonly AlarmSnapshot[]>("alarms", [], () => evidence.alarms(subject.keys));
  const wanted = distinct([...subject.alarmMetrics, ...metricsNearby(metrics, resources)]);
  const series = await reading<readonly Series[]>("metrics", [], (tell) =>
    evidence.metrics(wanted.slice(0, MOST_SERIES), fromMs, at.nowMs, tell),
  );
  if (wanted.length > MOST_SERIES)
    boundary.count({}, [{ source: "metrics", kept: MOST_SERIES, of: wanted.length, unit: "rows" }]);
  const lines = await reading("logs", [], async (tell) =>
    logGroups.length === 0 ? [] : evidence.logs(logGroups, Math.max(fromMs, at.nowMs - 1_800_000), at.nowMs, tell),
  );
  const changes = await reading("changes", [], () => evidence.changes(arns, fromMs - 3 * 3_600_000, at.nowMs));
  const history = await reading("history", [], () =>
    historyOf(evidence, subject.keys.slice(0, MOST_HISTORIES), at.nowMs),
  );
  const flaps = flapsIn(settings.flap, history, subject.rings, at.nowMs);
  const logs = templatesOf(lines, settings.context);
  boundary.count(logs.redactions, logs.cuts);
  return {
    incidentId: subject.incidentId,
    step: at.step,
    nowMs: at.nowMs,
    openedAtMs: subject.openedAtMs,
    alarms: boundary.alarms(alarms),
    alarmMetrics: subject.alarmMetrics,
    service,
    series: boundary.series(series),
    logs: logs.templates,
    changes: boundary.changes(changes),
    resources: boundary.resources(resources),
    history: boundary.history(history),
    tried: at.tried,
    missing,
    words: boundary.words(subject.words),
    flaps,
    restraint: restraintOf(settings, flaps, subject.storm),
    // Last: they count what was taken out above.
    redactions: boundary.redactions(),
    cut: boundary.cuts(),
  };
};

/**
 * Identifies a context in a record: the hash of all that was known, as JSON writes it, for `gatherContext` and the boundary
 * put every context together in one order. The values of its series are hashed as the bytes of their numbers: there are
 * thousands of them, and to write them out as text would be a fourth of a decision.
 */
export const contextDigest = (context: Context): string => {
  const series = context.series.map((one) => ({ ...one, values: one.values.length }));
  const values = sha256(new Uint8Array(numbersOf(context).buffer));
  return sha256(JSON.stringify({ ...context, series, values }));
};

/** All values of all series, one after the other; NaN where there was no datapoint. */
const numbersOf = ({ series }: Context): Float64Array<ArrayBuffer> => {
  const numbers = new Float64Array(series.reduce((count, { values }) => count + values.length, 0));
  let place = 0;
  for (const { values } of series)
    for (const value of values) {
      numbers[place] = value ?? Number.NaN;
      place += 1;
    }
  return numbers;
};
