import type { MetricRef } from "./alarm.ts";
import type { AlarmSnapshot, Series } from "./evidence.ts";
import type { ServiceSettings, Settings, SliSettings } from "./settings.ts";
import { isBreached, readSli, type SliReading, valuesBetween } from "./severity.ts";

/** What the service looked like when the decision was made: recovery may not leave an SLI worse than this. */
export type Baseline = Readonly<{ atMs: number; slis: readonly SliReading[] }>;

/**
 * Recovery at one moment. `since` is when everything that counts began to hold; it must then hold for the soak.
 * "unknown" is an OK that rests on absent data: keep watching, never believe it.
 */
export type Recovery =
  | Readonly<{ kind: "holding"; sinceMs: number; soakMs: number }>
  | Readonly<{ kind: "alarming"; detail: string }>
  | Readonly<{ kind: "unknown"; detail: string }>
  | Readonly<{ kind: "worse"; detail: string }>;

export type RecoveryInput = Readonly<{
  nowMs: number;
  openedAtMs: number;
  alarms: readonly AlarmSnapshot[];
  /** How many alarms still count, those deleted left out; fewer snapshots than that is an unread alarm. */
  expectedAlarms: number;
  /** What each alarm watches, by key; none for a composite. */
  alarmMetrics: Readonly<Record<string, readonly MetricRef[]>>;
  series: readonly Series[];
  service: ServiceSettings;
  baseline: Baseline;
}>;

/** Over how long an SLI is read: long enough to smooth one noisy period, short enough to see a change. */
const SLI_WINDOW_MS = 3 * 60_000;
/** Two periods always hold one that has closed: a five-minute metric is not unread four minutes out of five. */
const windowMs = (sli: SliSettings): number => Math.max(SLI_WINDOW_MS, 2 * sli.metric.periodSeconds * 1000);
/** A reading may be this much worse than its baseline before it counts: metrics breathe. */
const WORSE_BY = 1.1;
/** Traffic below this share of the same minutes before the incident means that users have not come back. */
const TRAFFIC_SHARE = 0.5;

/** The newest instant for which a one-minute metric can be read: a period closes, and appears a minute later. */
export const readableUntilMs = (nowMs: number): number => nowMs - 60_000;

export const baselineOf = (service: ServiceSettings, series: readonly Series[], nowMs: number): Baseline => {
  const toMs = readableUntilMs(nowMs);
  return { atMs: nowMs, slis: service.slis.map((sli) => readSli(series, sli, toMs - windowMs(sli), toMs)) };
};

/** The soak of an alarm: max(soakSeconds, 2 x period x evaluationPeriods), in ms; the longest of several. */
export const soakMs = (settings: Settings, alarms: readonly AlarmSnapshot[]): number =>
  Math.max(settings.soakSeconds, ...alarms.map((alarm) => 2 * alarm.periodSeconds * alarm.evaluationPeriods)) * 1000;

/** SLIs that are beyond their limit and worse than they were at the decision. */
export const worsened = (
  service: ServiceSettings,
  series: readonly Series[],
  baseline: Baseline,
  nowMs: number,
): readonly string[] => {
  const toMs = readableUntilMs(nowMs);
  return service.slis
    .filter((sli, i) => {
      const now = readSli(series, sli, toMs - windowMs(sli), toMs).value;
      return isBreached(sli, now) && isWorse(sli, now, baseline.slis[i]?.value ?? null);
    })
    .map((sli) => sli.name);
};

const isWorse = (sli: SliSettings, now: number | null, before: number | null): boolean => {
  if (now === null) return false;
  if (before === null || !isBreached(sli, before)) return true;
  return sli.bad === "above" ? now > before * WORSE_BY : now < before / WORSE_BY;
};

const trafficMetric = (service: ServiceSettings): MetricRef | null =>
  service.slis.find((sli) => sli.role === "traffic")?.metric ??
  service.slis.find((sli) => sli.per !== undefined)?.per ??
  null;

const known = (values: readonly (number | null)[]): readonly number[] => values.filter((value) => value !== null);

const median = (values: readonly number[]): number | null => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
};

/** Long enough that the minutes of trouble before the alarm, when retries swell the traffic, are the lesser part. */
export const TRAFFIC_BEFORE_MS = 30 * 60_000;

/** Traffic now as a share of the usual minute before the incident; null where none is measured or none was there. */
const trafficShare = (input: RecoveryInput, windowMs: number): number | null => {
  const metric = trafficMetric(input.service);
  if (metric === null) return null;
  const toMs = readableUntilMs(input.nowMs);
  const { series, openedAtMs } = input;
  const before = median(known(valuesBetween(series, metric, openedAtMs - TRAFFIC_BEFORE_MS, openedAtMs)));
  const now = valuesBetween(series, metric, toMs - windowMs, toMs);
  if (before === null || before <= 0) return null;
  // A minute without a datapoint is a minute without traffic here, or an outage would look like recovery.
  return now.reduce<number>((sum, value) => sum + (value ?? 0), 0) / Math.max(1, now.length) / before;
};

/**
 * Whether enough fresh datapoints stand behind an alarm's OK. Of several metrics (metric math) the one with the most
 * counts, for a count of errors may rightly be absent; a composite has none of its own and rests on its children.
 */
const isFresh = (input: RecoveryInput, alarm: AlarmSnapshot, toMs: number): boolean => {
  const metrics = input.alarmMetrics[alarm.key] ?? [];
  const fromMs = toMs - 2 * alarm.evaluationPeriods * alarm.periodSeconds * 1000;
  const fresh = metrics.map((metric) => known(valuesBetween(input.series, metric, fromMs, toMs)).length);
  return metrics.length === 0 || Math.max(...fresh) >= alarm.evaluationPeriods;
};

/** Judges one moment. Recovery is an OK alarm, fresh data, traffic that came back, and no SLI left worse. */
export const assessRecovery = (settings: Settings, input: RecoveryInput): Recovery => {
  const ringing = input.alarms.find((alarm) => alarm.state === "ALARM");
  if (ringing !== undefined) return { kind: "alarming", detail: `${ringing.key} is in ALARM` };
  const silent = input.alarms.find((alarm) => alarm.state === "INSUFFICIENT_DATA");
  if (silent !== undefined) return { kind: "unknown", detail: `${silent.key} has insufficient data` };
  if (input.alarms.length === 0 || input.alarms.length < input.expectedAlarms)
    return { kind: "unknown", detail: "an alarm could not be read" };

  // An incident that is opened again may find its alarm long OK: what it looks for began with its opening.
  const sinceMs = Math.max(input.openedAtMs, ...input.alarms.map((alarm) => alarm.changedAtMs));
  const toMs = readableUntilMs(input.nowMs);
  const unproved = input.alarms.find((alarm) => !isFresh(input, alarm, toMs));
  if (unproved !== undefined)
    return {
      kind: "unknown",
      detail: `fewer than ${unproved.evaluationPeriods} fresh datapoints stand behind the OK of ${unproved.key}`,
    };

  const evaluatedMs = Math.max(...input.alarms.map((alarm) => alarm.evaluationPeriods * alarm.periodSeconds)) * 1000;
  const share = trafficShare(input, Math.max(evaluatedMs, SLI_WINDOW_MS));
  if (share !== null && share < TRAFFIC_SHARE)
    return { kind: "unknown", detail: `traffic is at ${Math.round(share * 100)} % of what it was before` };

  const worse = worsened(input.service, input.series, input.baseline, input.nowMs);
  if (worse.length > 0) return { kind: "worse", detail: `${worse.join(", ")} worse than at the decision` };
  return { kind: "holding", sinceMs, soakMs: soakMs(settings, input.alarms) };
};
