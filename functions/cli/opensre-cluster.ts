import { z } from "zod";
import { parseTimestamp } from "../adapters/aws/timestamp.ts";
import { resourceBehind } from "../adapters/recorded/namespaces.ts";
import type { MetricRef } from "../core/alarm.ts";
import { isoTime } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import type { ClusterIncident, NamedDocument } from "./opensre-documents.ts";
import { alarmDocument, document, placeIn, type RecordedFiles } from "./recorded-files.ts";

/**
 * Writes an EKS incident as a recorded incident, without metrics: none was recorded. The alarm is stamped with the
 * newest time that any document tells, for all of them were taken when the alert had been sent; an alert opens an
 * incident whatever it says. Pure: the same documents give the same bytes. @returns null where no document tells a time.
 */
export const clusterRecording = ({ alert, clusterName, documents }: ClusterIncident): RecordedFiles | null => {
  const { labels, annotations } = alert;
  const changedAtMs = newestTimeMs(documents.map(({ value }) => value));
  if (changedAtMs === null) return null;
  const place = placeIn(annotations.cloudwatch_region);
  const metric = metricOf(labels, clusterName);
  const cluster = resourceBehind(metric, place);
  if (cluster === null) throw new TypeError("the dimension ClusterName of ContainerInsights names a cluster");
  const summary = annotations.summary ?? "";
  const resource = { arn: cluster.arn, type: cluster.type, tags: {}, dependsOn: [] };
  return {
    alarmName: metric.metricName,
    changedAtMs,
    files: {
      "alarm.json": alarmDocument(place, {
        alarmName: metric.metricName,
        changedAtMs,
        metric,
        description: summary,
        reason: annotations.error || summary,
        evaluation: null,
      }),
      "logs.jsonl": logLines(documents, changedAtMs),
      "changes.json": document(documents.flatMap(({ value }) => changesIn(value, cluster.arn))),
      "resources.json": document([resource]),
    },
  };
};

/** The alert names what it watches by its labels only; its own name stands in for the metric's, which nobody tells. */
const metricOf = (labels: Readonly<Record<string, string>>, clusterName: string): MetricRef => {
  const { namespace, service, alertname } = labels;
  return {
    namespace: "ContainerInsights",
    metricName: alertname ?? clusterName,
    dimensions: {
      ClusterName: clusterName,
      ...(namespace === undefined ? {} : { Namespace: namespace }),
      ...(service === undefined ? {} : { Service: service }),
    },
    stat: "Average",
    periodSeconds: 60,
  };
};

const newestTimeMs = (value: Json): number | null => {
  const times = timesIn(value);
  return times.length === 0 ? null : Math.max(...times);
};

const timesIn = (value: Json): readonly number[] => {
  if (typeof value === "string") return value.split("\n").flatMap((line) => leadingTimeMs(line) ?? []);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(timesIn) : [];
};

/** The time with which a line opens, null where it opens with none. */
const leadingTimeMs = (line: string): number | null => parseTimestamp(line.split(" ", 1)[0] ?? "");

const time = z.string().nullable().catch(null).default(null);
const word = z.string().catch("").default("");
const event = z.object({
  reason: word,
  involved_object: word,
  message: z.string(),
  first_time: time,
  last_time: time,
});
const events = z.object({ warning_events: z.array(event) });
const podLogs = z.object({ logs: z.string() });
const logs = z.object({ logs: z.array(z.object({ timestamp: z.string(), status: word, message: z.string() })) });

type Event = z.infer<typeof event>;

/** What happened to a deployment is a change; what happened to its pods is a consequence. */
const isChange = ({ involved_object: object }: Event): boolean => object.startsWith("Deployment/");

const changesIn = (value: Json, target: string): readonly Json[] =>
  (events.safeParse(value).data?.warning_events ?? []).filter(isChange).flatMap((one) => {
    const atMs = parseTimestamp(one.first_time ?? one.last_time ?? "");
    if (atMs === null) return [];
    return [
      {
        kind: "deployment",
        at: isoTime(atMs),
        target,
        ref: one.involved_object,
        author: "kubernetes",
        title: one.message,
        description: one.reason,
      },
    ];
  });

/** `atMs` is null for what is known to hold only at the time of the alarm. */
type Line = Readonly<{ atMs: number | null; message: string }>;

const logLines = (documents: readonly NamedDocument[], alarmAtMs: number): string =>
  documents
    .flatMap(({ name, value }) =>
      linesOf(value).map(({ atMs, message }) => ({ atMs: atMs ?? alarmAtMs, logGroup: name, message })),
    )
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, logGroup, message }) => `${JSON.stringify({ timestamp: isoTime(atMs), logGroup, message })}\n`)
    .join("");

const linesOf = (value: Json): readonly Line[] => {
  const happened = events.safeParse(value).data;
  if (happened !== undefined) return happened.warning_events.filter((one) => !isChange(one)).map(eventLine);
  const printed = podLogs.safeParse(value).data;
  if (printed !== undefined) return printedLines(printed.logs);
  const logged = logs.safeParse(value).data;
  if (logged !== undefined)
    return logged.logs.map(({ timestamp, status, message }) => ({
      atMs: parseTimestamp(timestamp),
      message: `${status} ${message}`.trim(),
    }));
  // Pods, deployments, nodes and monitors as they stood: one line each.
  return Object.entries(typeof value === "object" && value !== null ? value : {}).flatMap(([key, part]) =>
    [part].flat().map((row: Json) => ({ atMs: null, message: `${key} ${JSON.stringify(row)}` })),
  );
};

const eventLine = ({ reason, involved_object: object, message, last_time }: Event): Line => ({
  atMs: parseTimestamp(last_time ?? ""),
  message: `${reason} ${object}: ${message}`.trim(),
});

/** A line without a time of its own was printed right after the one before. */
const printedLines = (text: string): readonly Line[] => {
  const lines: Line[] = [];
  for (const message of text.split("\n").filter((line) => line.trim() !== ""))
    lines.push({ atMs: leadingTimeMs(message) ?? lines.at(-1)?.atMs ?? null, message });
  return lines;
};
