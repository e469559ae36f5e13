import { setTimeout as sleep } from "node:timers/promises";
import {
  type CloudWatchLogsClient,
  GetQueryResultsCommand,
  type GetQueryResultsResponse,
  type ResultField,
  StartQueryCommand,
  StopQueryCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import type { LogLine, TellLack } from "../../core/evidence.ts";
import { AwsCallFailed, callAws } from "./call.ts";

/** Lines of these groups, by name or by ARN, within [fromMs, toMs]. */
export type LogsAsked = Readonly<{ logGroups: readonly string[]; fromMs: number; toMs: number }>;

export type LogsLimits = Readonly<{
  /** Lines that are asked for, the newest; Insights gives 10,000 at most in one answer. */
  mostLines: number;
  /** Characters that are kept in all, those of the newest lines. */
  mostCharacters: number;
  /** A query that has scanned more is stopped: bytes are what it costs. */
  mostBytesScanned: number;
  /** From the start of a query to its last answer; it is stopped then. */
  deadlineMs: number;
}>;

/** 10 GB cost USD 0.05 (aws.amazon.com/cloudwatch/pricing, 2026); a busy service writes some GB in half an hour. */
export const LOGS_LIMITS: LogsLimits = {
  mostLines: 10_000,
  mostCharacters: 5_000_000,
  mostBytesScanned: 10_000_000_000,
  deadlineMs: 20_000,
};

/** How time goes by. */
export type Pace = Readonly<{ nowMs: () => number; pause: (ms: number) => Promise<unknown> }>;
const REAL: Pace = { nowMs: () => performance.now(), pause: (ms) => sleep(ms) };

/** No more of the past is read, whatever is asked for. */
const MOST_WINDOW_MS = 30 * 60_000;
/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html */
const MOST_GROUPS = 50;
/** Between two looks at a query, growing by half: most end within a second. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
const STOP_MS = 2_000;

/**
 * The newest lines of the log groups, oldest first. What a query had found when its time or its bytes were used up is kept,
 * and `tell` is told; so it is of lines that a limit left out.
 * @param tell where it is left out, a query that did not end is a throw
 * @throws AwsCallFailed, of kind `timed-out` where a query that was stopped had found nothing
 */
export const readLogs = async (
  client: CloudWatchLogsClient,
  asked: LogsAsked,
  limits: LogsLimits = LOGS_LIMITS,
  tell?: TellLack,
  pace: Pace = REAL,
): Promise<readonly LogLine[]> => {
  const fromMs = Math.max(asked.fromMs, asked.toMs - MOST_WINDOW_MS);
  const logGroups = asked.logGroups.slice(0, MOST_GROUPS);
  const tellUnread = (because: string): void => {
    if (tell === undefined) throw new AwsCallFailed("failed", because);
    tell({ kind: "unread", because });
  };
  if (logGroups.length === 0 || fromMs > asked.toMs) return [];
  const { answer, cutShort } = await query(client, { logGroups, fromMs, toMs: asked.toMs }, limits, pace);
  const newestFirst = (answer.results ?? [])
    .flatMap((row) => lineOf(row) ?? [])
    .filter(({ atMs }) => atMs >= fromMs && atMs <= asked.toMs);
  if (cutShort !== null && newestFirst.length === 0) throw new AwsCallFailed("timed-out", cutShort);
  if (cutShort !== null) tellUnread(`${cutShort}; ${newestFirst.length} lines were kept`);
  if (logGroups.length < asked.logGroups.length)
    tellUnread(
      `${asked.logGroups.length - MOST_GROUPS} of ${asked.logGroups.length} log groups were not read; name fewer`,
    );
  const lines = within(newestFirst, limits.mostCharacters);
  const of = Math.max(newestFirst.length, answer.statistics?.recordsMatched ?? 0);
  if (lines.length < of) tell?.({ kind: "cut", kept: lines.length, of, unit: "lines" });
  return lines.toReversed();
};

/**
 * What Insights is asked. Nothing that anybody wrote stands in it: log groups come from the configuration, and travel beside
 * it as names, not as a part of the query.
 */
const queryText = (mostLines: number): string =>
  `fields @timestamp, @log, @message | sort @timestamp desc | limit ${Math.max(1, Math.trunc(mostLines))}`;

/** The last answer of a query, and why it is not the whole one; null where it is. */
type Ended = Readonly<{ answer: GetQueryResultsResponse; cutShort: string | null }>;

const query = async (
  client: CloudWatchLogsClient,
  { logGroups, fromMs, toMs }: LogsAsked,
  limits: LogsLimits,
  pace: Pace,
): Promise<Ended> => {
  const what = `${logGroups.length} log groups`;
  const endsMs = pace.nowMs() + limits.deadlineMs;
  /** A call may take what is left of the time. */
  const within = () => ({ abortSignal: AbortSignal.timeout(Math.max(1, Math.ceil(endsMs - pace.nowMs()))) });
  const { queryId } = await callAws("logs:StartQuery", `${what} (${logGroups.slice(0, 3).join(", ")})`, () =>
    client.send(
      new StartQueryCommand({
        ...(logGroups.some((group) => group.startsWith("arn:"))
          ? { logGroupIdentifiers: [...logGroups] }
          : { logGroupNames: [...logGroups] }),
        startTime: Math.floor(fromMs / 1000),
        endTime: Math.ceil(toMs / 1000),
        queryString: queryText(limits.mostLines),
      }),
      within(),
    ),
  );
  const look = () =>
    callAws("logs:GetQueryResults", what, () => client.send(new GetQueryResultsCommand({ queryId }), within()));
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
      const answer = await look();
      const end = endOf(answer, what, limits, pace.nowMs() + pauseMs > endsMs);
      if (end === null) await pace.pause(pauseMs);
      else {
        if (end.isRunning) await stop(client, queryId);
        return { answer, cutShort: end.cutShort };
      }
    }
  } catch (error) {
    await stop(client, queryId);
    throw error;
  }
};

/** How a query ended, by its answer or by its limits; null where it goes on. Throws where it has no result. */
const endOf = (
  { status, statistics }: GetQueryResultsResponse,
  what: string,
  { mostBytesScanned, deadlineMs }: LogsLimits,
  isOver: boolean,
): Readonly<{ isRunning: boolean; cutShort: string | null }> | null => {
  const told = (because: string): string => `logs:StartQuery of ${what}: ${because}`;
  const scanned = statistics?.bytesScanned ?? 0;
  if (status === "Complete") return { isRunning: false, cutShort: null };
  if (status === "Failed") throw new AwsCallFailed("failed", told("Insights says that the query failed"));
  if (status === "Cancelled" || status === "Timeout")
    return { isRunning: false, cutShort: told(`Insights ended the query (${status})`) };
  if (scanned > mostBytesScanned)
    return {
      isRunning: true,
      cutShort: told(`stopped after ${(scanned / 1e9).toFixed(1)} GB; it would cost too much`),
    };
  if (isOver) return { isRunning: true, cutShort: told(`stopped after ${deadlineMs / 1000} s`) };
  return null;
};

/** Stops a query that nobody waits for. One that has ended cannot be stopped, and one that goes on ends by itself. */
const stop = async (client: CloudWatchLogsClient, queryId: string | undefined): Promise<void> => {
  try {
    await client.send(new StopQueryCommand({ queryId }), { abortSignal: AbortSignal.timeout(STOP_MS) });
  } catch {
    // Nothing is lost but what the rest of it costs.
  }
};

/** The first lines whose messages have no more characters in all. */
const within = (lines: readonly LogLine[], mostCharacters: number): readonly LogLine[] => {
  let left = mostCharacters;
  const end = lines.findIndex(({ message }) => {
    left -= message.length;
    return left < 0;
  });
  return end === -1 ? lines : lines.slice(0, end);
};

/** Null where a row lacks its time or its message. `@log` is ACCOUNT:GROUP. */
const lineOf = (row: readonly ResultField[]): LogLine | null => {
  const fields = new Map(row.map(({ field, value }) => [field, value]));
  const atMs = timeOf(fields.get("@timestamp") ?? "");
  const message = fields.get("@message");
  if (atMs === null || message === undefined) return null;
  return { atMs, logGroup: (fields.get("@log") ?? "").replace(/^\d{12}:/, ""), message };
};

/** Insights writes `2026-01-05 10:00:00.000`, in UTC; an emulator the milliseconds since the epoch. */
const timeOf = (text: string): number | null => {
  const atMs = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,9})?$/.test(text)
    ? Date.parse(`${text.replace(" ", "T")}Z`)
    : Number(text);
  return text === "" || Number.isNaN(atMs) ? null : atMs;
};
