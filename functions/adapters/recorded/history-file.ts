import { z } from "zod";
import type { Alarm } from "../../core/alarm.ts";
import type { AlarmTransition } from "../../core/evidence.ts";
import { alarmKey } from "../../core/ids.ts";
import { parseAlarmEvent } from "../aws/alarm-event.ts";
import { count, parseJson, readJsonArray, recordedTime, type Salvaged } from "./salvage.ts";

/**
 * Reads history.json: state changes as EventBridge events, as DescribeAlarmHistory's StateUpdate items, or as plain
 * rows `{timestamp, state, previousState}` (also `at`, `to` and `from`). A row that names no alarm is the incident's.
 * Sorted by time; null where the text holds no list.
 */
export const readHistory = (text: string, alarm: Alarm): Salvaged<readonly AlarmTransition[]> | null => {
  const array = readJsonArray(itemsOf(text));
  if (array === null) return null;
  const rows = array.rows.flatMap(
    (row) => fromEvent(row) ?? fromHistoryItem(row, alarm) ?? fromPlainRow(row, alarm) ?? [],
  );
  return {
    rows: rows.toSorted((a, b) => a.atMs - b.atMs),
    dropped: [...array.dropped, ...count(array.rows.length - rows.length, "rows are no state change")],
  };
};

const itemsOf = (text: string): string => {
  const answer = z.object({ AlarmHistoryItems: z.array(z.unknown()) }).safeParse(parseJson(text));
  return answer.success ? JSON.stringify(answer.data.AlarmHistoryItems) : text;
};

const fromEvent = (row: unknown): AlarmTransition | null => {
  const ingested = parseAlarmEvent(row);
  if (ingested.kind === "invalid" || ingested.alarm === null) return null;
  const { key, changedAtMs, previousState, state } = ingested.alarm;
  return { key, atMs: changedAtMs, from: previousState, to: state };
};

const alarmState = z.enum(["OK", "ALARM", "INSUFFICIENT_DATA"]);
const historyItem = z.object({
  AlarmName: z.string(),
  Timestamp: recordedTime,
  HistoryItemType: z.literal("StateUpdate"),
  HistoryData: z
    .string()
    .transform(parseJson)
    .pipe(
      z.object({
        oldState: z.object({ stateValue: alarmState }).nullable().catch(null),
        newState: z.object({ stateValue: alarmState }),
      }),
    ),
});

const fromHistoryItem = (row: unknown, alarm: Alarm): AlarmTransition | null => {
  const item = historyItem.safeParse(row);
  if (!item.success) return null;
  const { AlarmName, Timestamp, HistoryData } = item.data;
  const { oldState, newState } = HistoryData;
  return {
    key: keyOf(AlarmName, alarm),
    atMs: Timestamp,
    from: oldState?.stateValue ?? null,
    to: newState.stateValue,
  };
};

const plainRow = z
  .looseObject({})
  .transform((row) => ({
    alarmName: row.alarmName ?? null,
    atMs: row.timestamp ?? row.at,
    to: row.state ?? row.to,
    from: row.previousState ?? row.from ?? null,
  }))
  .pipe(
    z.object({
      alarmName: z.string().nullable(),
      atMs: recordedTime,
      to: alarmState,
      from: alarmState.nullable().catch(null),
    }),
  );

const fromPlainRow = (row: unknown, alarm: Alarm): AlarmTransition | null => {
  const plain = plainRow.safeParse(row);
  if (!plain.success) return null;
  const { alarmName, atMs, from, to } = plain.data;
  return { key: keyOf(alarmName ?? alarm.alarmName, alarm), atMs, from, to };
};

const keyOf = (alarmName: string, alarm: Alarm): string =>
  alarmName === alarm.alarmName ? alarm.key : alarmKey({ ...alarm, alarmName, contributorId: null });
