import { z } from "zod";
import type { MetricRef } from "../core/alarm.ts";
import type { Json } from "../core/json.ts";

/** One file of a synthetic incident; `name` is the file's own, without folder and extension. */
export type NamedDocument = Readonly<{ name: string; value: Json }>;

/** What the monitor said when it went off. */
export type OpensreAlert = Readonly<{
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}>;

/** What an opensre incident tells, told apart by the shape of each document and never by where it lies. */
export type OpensreIncident = DatabaseIncident | ClusterIncident;

/** An RDS incident, seen by CloudWatch. */
export type DatabaseIncident = Readonly<{
  kind: "database";
  alert: OpensreAlert;
  series: readonly OpensreSeries[];
  events: readonly z.infer<typeof rdsEvent>[];
  /** Performance Insights and whatever else is JSON. */
  others: readonly NamedDocument[];
}>;

/** An EKS incident, seen by Kubernetes and by another monitoring system: nothing of it is a CloudWatch metric. */
export type ClusterIncident = Readonly<{
  kind: "cluster";
  alert: OpensreAlert;
  clusterName: string;
  /** Pods, events, logs, monitors: every document but the alert. */
  documents: readonly NamedDocument[];
}>;

/** One metric, its samples exactly as they were written. */
export type OpensreSeries = Readonly<{
  metric: MetricRef;
  timestamps: readonly string[];
  values: readonly (number | null)[];
}>;

// What the incident's author knew and no monitor does: the cause, what to suspect, where to look. Nothing may read it,
// so parsing leaves it out.
const GIVEN_AWAY = /^(title|suspected_symptom|context_sources)$|(^|_)failure_mode$/;

/** Parses a document without the labels that give the cause away. Throws SyntaxError where it is no JSON. */
export const parseDocument = (text: string): Json =>
  JSON.parse(text, (key, value: unknown) => (GIVEN_AWAY.test(key) ? undefined : value));

const strings = z.record(z.string(), z.string()).catch({});
const alert = z.object({ commonLabels: strings, commonAnnotations: strings });
const result = z.object({
  metric_name: z.string().min(1),
  dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })),
  stat: z.string().min(1),
  timestamps: z.array(z.string()).min(1),
  values: z.array(z.number().nullable()),
});
const envelope = z.object({ namespace: z.string().min(1), period: z.int().positive() });
const metrics = envelope.extend({ metric_data_results: z.array(result) });
const rdsEvent = z.object({
  date: z.string(),
  message: z.string(),
  source_identifier: z.string(),
  event_categories: z.array(z.string()).catch([]),
});
const rdsEvents = z.object({ events: z.array(rdsEvent) });

/** Tells an incident's documents apart. @returns null where no alert is among them, nor a metric nor a cluster's name. */
export const readIncident = (documents: readonly NamedDocument[]): OpensreIncident | null => {
  const parsed = documents.map((document) => ({ document, ...shapesOf(document.value) }));
  const found = parsed.find((one) => one.alert !== null)?.alert ?? null;
  const shared = parsed.find((one) => one.envelope !== null)?.envelope ?? null;
  const series = parsed.flatMap((one) => {
    const of = one.metrics ?? shared;
    const results = one.metrics?.metric_data_results ?? (one.result === null ? [] : [one.result]);
    return of === null ? [] : results.map((single) => seriesOf(of, single));
  });
  if (found === null) return null;
  const alert = { labels: found.commonLabels, annotations: found.commonAnnotations };
  const clusterName = alert.labels.cluster_name ?? "";
  if (series.length > 0) {
    const events = parsed.flatMap((one) => one.rdsEvents?.events ?? []);
    return { kind: "database", alert, series, events, others: documentsWhere(parsed, (one) => one.isOther) };
  }
  if (clusterName === "") return null;
  return {
    kind: "cluster",
    alert,
    clusterName,
    documents: documentsWhere(parsed, (one) => one.alert === null),
  };
};

type Parsed = Readonly<{ document: NamedDocument }> & ReturnType<typeof shapesOf>;

const documentsWhere = (parsed: readonly Parsed[], holds: (one: Parsed) => boolean): readonly NamedDocument[] =>
  parsed.filter(holds).map(({ document }) => document);

const shapesOf = (value: Json) => {
  const as = <T>(schema: z.ZodType<T>): T | null => schema.safeParse(value).data ?? null;
  const shapes = {
    alert: as(z.object({ commonAnnotations: z.unknown() })) && as(alert),
    metrics: as(metrics),
    result: as(result),
    envelope: as(envelope),
    rdsEvents: as(rdsEvents),
  };
  return { ...shapes, isOther: Object.values(shapes).every((shape) => shape === null) };
};

const seriesOf = (of: z.infer<typeof envelope>, single: z.infer<typeof result>): OpensreSeries => ({
  metric: {
    namespace: of.namespace,
    metricName: single.metric_name,
    dimensions: Object.fromEntries(single.dimensions.map(({ Name, Value }) => [Name, Value])),
    stat: single.stat,
    periodSeconds: of.period,
  },
  timestamps: single.timestamps,
  values: single.values,
});
