import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Alarm } from "../../core/alarm.ts";
import type { AlarmTransition, Change, LogLine } from "../../core/evidence.ts";
import type { Ingested } from "../../core/ingest.ts";
import type { Json } from "../../core/json.ts";
import { readDelivery } from "../aws/delivery.ts";
import type { Evaluation } from "../aws/reason-data.ts";
import { readHistory } from "./history-file.ts";
import { type RecordedSeries, readMetrics } from "./metrics-file.ts";
import { type RecordedResource, readChanges, readLogs, readResources } from "./row-files.ts";
import { parseJson, type Salvaged } from "./salvage.ts";

/** One file of a recording: what could be read of it, or why there is nothing. */
export type Source<T> = Readonly<{ kind: "read"; rows: readonly T[] }> | Readonly<{ kind: "missing"; because: string }>;

/** A recorded incident. Times are milliseconds since the epoch; rows are sorted by time where they have one. */
export type Recording = Readonly<{
  alarm: Alarm;
  /** How CloudWatch came to the alarm's state, as far as alarm.json says. */
  evaluation: Evaluation;
  metrics: Source<RecordedSeries>;
  logs: Source<LogLine>;
  changes: Source<Change>;
  resources: Source<RecordedResource>;
  history: Source<AlarmTransition>;
  /** The model's recorded reply, unparsed; null where none was recorded. */
  drafter: Readonly<{ reply: Json }> | null;
  /** What was dropped, file by file; a file that is not there is not damaged. */
  damaged: readonly Readonly<{ source: string; because: string }>[];
}>;

/** The folder cannot be replayed at all. The message says what, where and what to do. */
export class RecordingUnreadable extends Error {
  override readonly name = "RecordingUnreadable";
}

/**
 * Reads a recorded incident. Every file but alarm.json may be missing or damaged: what is good is kept.
 * @throws RecordingUnreadable where alarm.json is missing or does not open exactly one incident, in whatever shape.
 */
export const readRecording = (dir: string): Recording => {
  const { alarm, evaluation } = readAlarm(join(dir, "alarm.json"));
  const damaged: { source: string; because: string }[] = [];
  const source = <T>(file: string, parse: (text: string) => Salvaged<readonly T[]> | null): Source<T> => {
    const read = readSource(join(dir, file), file, parse);
    for (const because of read.damage) damaged.push({ source: file, because });
    return read.source;
  };
  const files = {
    metrics: source("metrics.json", readMetrics),
    logs: source("logs.jsonl", readLogs),
    changes: source("changes.json", readChanges),
    resources: source("resources.json", readResources),
    history: source("history.json", (text) => readHistory(text, alarm)),
  };
  const drafter = source("drafter.json", readReply);
  const reply = drafter.kind === "read" ? drafter.rows[0] : undefined;
  return { alarm, evaluation, ...files, drafter: reply === undefined ? null : { reply }, damaged };
};

/** How long after its alarm an incident may go on; a later stamp is taken for damage, so that every replay ends. */
const LONGEST_INCIDENT_MS = 24 * 3600 * 1000;

/** The instant after which the recording shows nothing more: at least the alarm's, at most 24 hours later. */
export const recordingEndsAtMs = (recording: Recording): number => {
  const { alarm, metrics, logs, changes, history } = recording;
  const stamps = [
    ...rowsOf(metrics).flatMap(({ metric, points }) => points.map(({ atMs }) => atMs + metric.periodSeconds * 1000)),
    ...[...rowsOf(logs), ...rowsOf(changes), ...rowsOf(history)].map(({ atMs }) => atMs),
  ];
  const latestMs = alarm.changedAtMs + LONGEST_INCIDENT_MS;
  return stamps.reduce((endMs, atMs) => (atMs <= latestMs ? Math.max(endMs, atMs) : endMs), alarm.changedAtMs);
};

/** The rows of a source, none where it is missing. */
export const rowsOf = <T>(source: Source<T>): readonly T[] => (source.kind === "read" ? source.rows : []);

type ReadSource<T> = Readonly<{ source: Source<T>; damage: readonly string[] }>;

const readSource = <T>(
  path: string,
  file: string,
  parse: (text: string) => Salvaged<readonly T[]> | null,
): ReadSource<T> => {
  const text = readText(path);
  if (text.kind === "absent")
    return { source: { kind: "missing", because: `the recording has no ${file}` }, damage: [] };
  const salvaged = text.kind === "text" ? parse(text.text) : null;
  if (salvaged !== null) return { source: { kind: "read", rows: salvaged.rows }, damage: salvaged.dropped };
  const because = text.kind === "unreadable" ? text.because : "it is not the JSON that was expected";
  return {
    source: { kind: "missing", because: `${file} cannot be read: ${because}` },
    damage: [`all of it: ${because}`],
  };
};

type FileText =
  | Readonly<{ kind: "text"; text: string }>
  | Readonly<{ kind: "absent" }>
  | Readonly<{ kind: "unreadable"; because: string }>;

const readText = (path: string): FileText => {
  try {
    return { kind: "text", text: readFileSync(path, "utf8") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return code === "ENOENT" ? { kind: "absent" } : { kind: "unreadable", because: code };
  }
};

const readReply = (text: string): Salvaged<readonly Json[]> | null => {
  const reply = z.json().safeParse(parseJson(text));
  return reply.success ? { rows: [reply.data], dropped: [] } : null;
};

const readAlarm = (path: string): Readonly<{ alarm: Alarm; evaluation: Evaluation }> => {
  const refuse = (problem: string): RecordingUnreadable =>
    new RecordingUnreadable(
      `${path}: ${problem}; put the EventBridge event or the notification of the alarm's change to ALARM there`,
    );
  const text = readText(path);
  if (text.kind !== "text") throw refuse(text.kind === "absent" ? "no such file" : `cannot be read (${text.because})`);
  const delivered = parseJson(text.text.replace(/^\uFEFF/, ""));
  if (delivered === undefined) throw refuse("not JSON");
  const read = readDelivery(delivered);
  const opening = read.flatMap(({ ingested, evaluation }) =>
    ingested.kind === "incident" ? [{ alarm: ingested.alarm, evaluation }] : [],
  );
  if (opening.length > 1) throw refuse(`opens ${opening.length} incidents, and a recording is of one`);
  const [only] = opening;
  if (only === undefined) throw refuse(read.map(({ ingested }) => whyNone(ingested)).join(", "));
  return only;
};

const whyNone = (ingested: Ingested): string => {
  if (ingested.kind === "invalid") return `not a readable alarm: ${ingested.reason}`;
  return `opens no incident (${ingested.kind === "ignored" ? ingested.because.code : `its state is ${ingested.alarm.state}`})`;
};
