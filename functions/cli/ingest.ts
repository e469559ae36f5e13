import { readFile } from "node:fs/promises";
import { parseDelivery } from "../adapters/aws/delivery.ts";
import type { Alarm, AlarmState } from "../core/alarm.ts";
import { isoTime } from "../core/ids.ts";
import type { Ingested } from "../core/ingest.ts";
import type { ExitCode } from "./errors.ts";
import { type EventRecord, eventRecords } from "./event-records.ts";

/** Takes whole lines, without their line end. */
export type LineOutput = Readonly<{ out: (line: string) => void; err: (line: string) => void }>;

/** What `quell ingest` says of one alarm's payload; `record` counts them from 0 within their file. */
export type IngestLine = Readonly<{
  file: string;
  record: number;
  kind: Ingested["kind"];
  incident: Readonly<{
    key: string;
    alarmName: string;
    account: string;
    region: string;
    state: AlarmState;
    changedAt: string;
  }> | null;
  reason: string | null;
}>;

/**
 * `quell ingest FILE...`: one JSON line for every alarm in the files, however it is wrapped, in order and with nothing
 * remembered in between.
 * @returns 2 when one is invalid or a file cannot be read (the others are still answered), else 0.
 */
export const ingestCommand = async (files: readonly string[], io: LineOutput): Promise<ExitCode> => {
  if (files.length === 0) {
    io.err("quell ingest: no file given; name at least one file of alarms, as AWS delivers them");
    return 2;
  }
  let code: ExitCode = 0;
  for (const file of files) {
    const text = await readText(file, io);
    const lines =
      text === null
        ? []
        : eventRecords(text)
            .flatMap(ingestRecord)
            .map((one, i) => ingestLine(file, i, one));
    for (const line of lines) io.out(JSON.stringify(line));
    if (text === null || lines.some((line) => line.kind === "invalid")) code = 2;
  }
  return code;
};

const readText = async (file: string, io: LineOutput): Promise<string | null> => {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    io.err(`quell ingest: cannot read ${file} (${detail}); give the path of a readable file of alarm events`);
    return null;
  }
};

const ingestRecord = (event: EventRecord): readonly Ingested[] =>
  event.kind === "json" ? parseDelivery(event.value) : [{ kind: "invalid", reason: event.reason }];

const ingestLine = (file: string, record: number, ingested: Ingested): IngestLine => {
  const alarm = ingested.kind === "invalid" ? null : ingested.alarm;
  return { file, record, kind: ingested.kind, incident: alarm && incidentOf(alarm), reason: reasonOf(ingested) };
};

const reasonOf = (ingested: Ingested): string | null => {
  if (ingested.kind === "invalid") return ingested.reason;
  return ingested.kind === "ignored" ? `${ingested.because.code}: ${ingested.because.detail}` : null;
};

const incidentOf = ({ key, alarmName, account, region, state, changedAtMs }: Alarm) => ({
  key,
  alarmName,
  account,
  region,
  state,
  changedAt: isoTime(changedAtMs),
});
