import type { MetricRef } from "./alarm.ts";
import type { AlarmWords, Context } from "./context.ts";
import type { AlarmSnapshot, Change, Resource, Series } from "./evidence.ts";
import { hashOf } from "./ids.ts";
import { templatesOf } from "./log-templates.ts";
import type { Evidence } from "./ports.ts";
import { redact } from "./redact.ts";
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
}>;

const MOST_SERIES = 60;
const MOST_CHANGES = 40;
const MOST_TRANSITIONS = 60;
const TITLE_CHARACTERS = 120;

/** The service itself and everything it calls, nearest first. */
export const servicesReached = (settings: Settings, name: string): readonly ServiceSettings[] => {
  const reached: ServiceSettings[] = [];
  const queue = [name];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const service = settings.services.find((one) => one.name === next);
    if (service === undefined || reached.includes(service)) continue;
    reached.push(service);
    queue.push(...service.dependsOn);
  }
  return reached;
};

/** Every metric worth reading: the alarm's, the SLIs of all services reached, the standard ones of all resources. */
const metricsWanted = (
  subject: Subject,
  services: readonly ServiceSettings[],
  resources: readonly Resource[],
): readonly MetricRef[] => {
  const slis = services.flatMap((service) =>
    service.slis.flatMap((sli) => (sli.per === undefined ? [sli.metric] : [sli.metric, sli.per])),
  );
  const all = [...subject.alarmMetrics, ...slis, ...resources.flatMap(standardMetrics)];
  return all.filter((one, i) => all.findIndex((other) => sameMetric(one, other)) === i).slice(0, MOST_SERIES);
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
  const missing: { source: string; because: string }[] = [];
  const reading = async <T>(source: string, none: T, read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      missing.push({ source, because: redact(error instanceof Error ? error.message : String(error), 200).text });
      return none;
    }
  };
  const services = servicesReached(settings, service.name);
  const fromMs = subject.openedAtMs - settings.lookBackSeconds * 1000;
  const roots = services.flatMap((one) => one.resources);
  const resources = await reading<readonly Resource[]>("resources", [], () => evidence.resources(roots));
  const arns = resources.map((resource) => resource.arn);
  const alarms = await reading<readonly AlarmSnapshot[]>("alarms", [], () => evidence.alarms(subject.keys));
  const wanted = metricsWanted(subject, services, resources);
  const series = await reading<readonly Series[]>("metrics", [], () => evidence.metrics(wanted, fromMs, at.nowMs));
  const groups = [...new Set(services.flatMap((one) => one.logGroups))];
  const lines = await reading("logs", [], async () =>
    groups.length === 0 ? [] : evidence.logs(groups, Math.max(fromMs, at.nowMs - 1_800_000), at.nowMs),
  );
  const changes = await reading("changes", [], () => evidence.changes(arns, fromMs - 3 * 3_600_000, at.nowMs));
  const history = await reading("history", [], () =>
    evidence.history(subject.keys[0] ?? "", at.nowMs - 86_400_000, at.nowMs),
  );
  const { templates, redactions } = templatesOf(lines);
  return {
    incidentId: subject.incidentId,
    step: at.step,
    nowMs: at.nowMs,
    openedAtMs: subject.openedAtMs,
    alarms,
    service,
    series,
    logs: templates,
    changes: changes
      .toSorted((a, b) => b.atMs - a.atMs)
      .slice(0, MOST_CHANGES)
      .map(redactedChange),
    resources,
    history: history.slice(-MOST_TRANSITIONS),
    tried: at.tried,
    missing,
    redactions,
    cut: [],
    words: subject.words,
    flaps: 0,
    restraint: null,
  };
};

/** A commit's words are its author's: bounded and redacted like a log line. */
const redactedChange = (change: Change): Change => {
  const clean = (text: string): string => redact(text, TITLE_CHARACTERS).text;
  return { ...change, title: clean(change.title), author: clean(change.author), ref: clean(change.ref) };
};

/** Identifies a context in a record: the hash of all that was known. */
export const contextDigest = (context: Context): string => hashOf(context);
