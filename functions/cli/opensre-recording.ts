import { parseTimestamp } from "../adapters/aws/timestamp.ts";
import { resourceBehind } from "../adapters/recorded/namespaces.ts";
import { isoTime } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import type { DatabaseIncident, NamedDocument, OpensreSeries } from "./opensre-documents.ts";
import { alarmDocument, document, metricRow, placeIn, type RecordedFiles } from "./recorded-files.ts";

/** Writes an RDS incident as a recorded incident. Pure: the same documents give the same bytes. */
export const databaseRecording = (incident: DatabaseIncident): RecordedFiles => {
  const { labels, annotations } = incident.alert;
  const summary = annotations.summary ?? "";
  const alarming = alarmingSeries(incident);
  const place = placeIn(annotations.cloudwatch_region);
  const alarmName = labels.alertname ?? alarming.metric.metricName;
  const changedAtMs = lastTimeMs(alarming.timestamps) ?? 0;
  const instances = instancesOf(incident, alarming);
  const arnOf = (instance: string): string => {
    const [dimension = ""] = Object.keys(alarming.metric.dimensions);
    return resourceBehind({ ...alarming.metric, dimensions: { [dimension]: instance } }, place)?.arn ?? instance;
  };
  return {
    alarmName,
    changedAtMs,
    files: {
      "alarm.json": alarmDocument(place, {
        alarmName,
        changedAtMs,
        metric: alarming.metric,
        description: summary,
        reason: annotations.error || summary,
        evaluation: null,
      }),
      "metrics.json": document(
        incident.series.map(({ metric, timestamps, values }) => metricRow(metric, timestamps, values)),
      ),
      "logs.jsonl": logLines(incident.others, changedAtMs),
      "changes.json": document(changeRows(incident, arnOf)),
      "resources.json": document(resourceRows(instances, alarming, place)),
    },
  };
};

/**
 * The series that the alert is about: of those on an instance that the alert names, the one whose words stand first
 * in its summary, else in its name; where none is mentioned, the first.
 */
export const alarmingSeries = ({ alert, series }: DatabaseIncident): OpensreSeries => {
  const named = new Set(Object.values(alert.annotations));
  const onNamed = series.filter(({ metric }) => Object.values(metric.dimensions).some((value) => named.has(value)));
  const candidates = onNamed.length > 0 ? onNamed : series;
  const texts = [alert.annotations.summary, alert.labels.alertname].map((text) => words(text ?? ""));
  const mentioned = texts.flatMap((text) =>
    candidates
      .map((one) => ({ one, phrase: words(one.metric.metricName) }))
      .map(({ one, phrase }) => ({ one, at: text.indexOf(phrase), length: phrase.length }))
      .filter(({ at }) => at >= 0)
      .toSorted((a, b) => a.at - b.at || b.length - a.length),
  );
  const primary = candidates.find(({ metric }) => isOn(metric.dimensions, alert.annotations.db_instance_identifier));
  const chosen = mentioned[0]?.one ?? primary ?? candidates[0];
  if (chosen === undefined) throw new TypeError("an incident has at least one series");
  return chosen;
};

const isOn = (dimensions: Readonly<Record<string, string>>, instance: string | undefined): boolean =>
  instance !== undefined && Object.values(dimensions).includes(instance);

/** ` replica lag `: the words of a text or of a CamelCase name in lower case, so that one can be looked for in another. */
const words = (text: string): string =>
  ` ${text
    .replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$3 $2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim()} `;

const lastTimeMs = (timestamps: readonly string[]): number | null =>
  timestamps
    .map(parseTimestamp)
    .reduce((latest, atMs) => (latest === null || (atMs ?? 0) > latest ? atMs : latest), null);

const changeRows = ({ events }: DatabaseIncident, arnOf: (instance: string) => string): Json =>
  events.map((event, index) => ({
    kind: "config",
    at: event.date,
    target: arnOf(event.source_identifier),
    ref: `rds-event-${index + 1}`,
    author: "rds.amazonaws.com",
    title: event.message,
    description: event.event_categories.join(", "),
  }));

/** Every instance that a metric or the alert names, and the instance that each one replicates, if any. */
const instancesOf = (
  { alert, series }: DatabaseIncident,
  alarming: OpensreSeries,
): readonly Readonly<{ name: string; replicates: string | null }>[] => {
  const [dimension = ""] = Object.keys(alarming.metric.dimensions);
  const { db_instance_identifier: primary, read_replica: replica } = alert.annotations;
  const measured = series.flatMap(({ metric }) => metric.dimensions[dimension] ?? []);
  const names = [...new Set([...measured, primary ?? [], replica ?? []].flat())];
  const lagging = new Set(
    series
      .filter(({ metric }) => metric.metricName === "ReplicaLag")
      .flatMap(({ metric }) => metric.dimensions[dimension] ?? []),
  );
  // A replica is named after its source; the longest such name is the nearest.
  const sourceOf = (name: string): string | null =>
    names.filter((other) => other !== name && name.startsWith(other)).toSorted((a, b) => b.length - a.length)[0] ??
    (name === replica ? (primary ?? null) : null);
  return names.map((name) => ({
    name,
    replicates: lagging.has(name) || name === replica ? sourceOf(name) : null,
  }));
};

const resourceRows = (
  instances: ReturnType<typeof instancesOf>,
  { metric }: OpensreSeries,
  place: Readonly<{ account: string; region: string }>,
): Json => {
  const [dimension = ""] = Object.keys(metric.dimensions);
  const resource = (name: string) => resourceBehind({ ...metric, dimensions: { [dimension]: name } }, place);
  return instances.flatMap(({ name, replicates }) => {
    const found = resource(name);
    const source = replicates === null ? null : resource(replicates);
    if (found === null) return [];
    return [{ arn: found.arn, type: found.type, tags: {}, dependsOn: source === null ? [] : [source.arn] }];
  });
};

type Line = Readonly<{ atMs: number; logGroup: string; message: string }>;

/** Each part of each document as a line; what stands for a whole window is stamped with the window's last sample. */
const logLines = (documents: readonly NamedDocument[], alarmAtMs: number): string =>
  documents
    .flatMap((one) => linesOf(one, alarmAtMs))
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, logGroup, message }) => `${JSON.stringify({ timestamp: isoTime(atMs), logGroup, message })}\n`)
    .join("");

const linesOf = ({ name, value }: NamedDocument, alarmAtMs: number): readonly Line[] => {
  const parts = Object.entries(typeof value === "object" && value !== null ? value : { value });
  const samples = parts.flatMap(([key, part]) => samplesOf(key, part));
  const endAtMs = samples.length > 0 ? Math.max(...samples.map(({ atMs }) => atMs)) : alarmAtMs;
  const summaries = parts.flatMap(([key, part]) =>
    Array.isArray(part) ? part.map((row: Json) => ({ atMs: endAtMs, message: `${key} ${JSON.stringify(row)}` })) : [],
  );
  return [...samples, ...summaries].map((line) => ({ ...line, logGroup: name }));
};

const samplesOf = (key: string, part: Json): readonly Omit<Line, "logGroup">[] => {
  if (typeof part !== "object" || part === null || !("timestamps" in part) || !("values" in part)) return [];
  const { timestamps, values } = part;
  if (!Array.isArray(timestamps) || !Array.isArray(values)) return [];
  return timestamps.flatMap((time: Json, index) => {
    const atMs = typeof time === "string" ? parseTimestamp(time) : null;
    return atMs === null ? [] : [{ atMs, message: `${key} ${JSON.stringify(values[index] ?? null)}` }];
  });
};
