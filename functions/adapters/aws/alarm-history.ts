import {
  type AlarmHistoryItem,
  type CloudWatchClient,
  type DescribeAlarmHistoryInput,
  paginateDescribeAlarmHistory,
} from "@aws-sdk/client-cloudwatch";
import { z } from "zod";
import type { AlarmTransition } from "../../core/evidence.ts";
import { alarmState } from "./alarm-fields.ts";
import { type AlarmPlace, namesIn } from "./alarm-names.ts";
import { callAws } from "./call.ts";
import { looksLikeCloudWatch } from "./reason-data.ts";

/** The most of a page. A day of an alarm that flaps every minute has fifteen. */
const MOST_RECORDS = 100;

/**
 * The state changes of one alarm, or of one contributor, within [fromMs, toMs]; oldest first. None for an alarm of another
 * account or Region.
 *
 * A change that somebody made by SetAlarmState stays in: it rings like any other, and where it counts at all (as a flap) it
 * holds the agent back. It is marked where it shows: a metric alarm's own changes carry the datapoints that were looked at.
 * @throws AwsCallFailed
 */
export const readAlarmHistory = async (
  client: CloudWatchClient,
  place: AlarmPlace,
  key: string,
  fromMs: number,
  toMs: number,
): Promise<readonly AlarmTransition[]> => {
  const names = namesIn(place, key);
  if (names === null) return [];
  const span = { StartDate: new Date(fromMs), EndDate: new Date(toMs) };
  let items = await itemsOf(client, { ...span, AlarmName: names.whole, HistoryItemType: "StateUpdate" });
  if (items.length === 0 && names.part !== null)
    items = await itemsOf(client, {
      ...{ ...span, AlarmName: names.part.alarmName, AlarmContributorId: names.part.contributorId },
      HistoryItemType: "AlarmContributorStateUpdate",
    });
  return items
    .flatMap((item) => transitionIn(key, item) ?? [])
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .toSorted((one, other) => one.atMs - other.atMs);
};

const itemsOf = (client: CloudWatchClient, asked: DescribeAlarmHistoryInput): Promise<readonly AlarmHistoryItem[]> =>
  callAws("cloudwatch:DescribeAlarmHistory", asked.AlarmName ?? "", async () => {
    const items: AlarmHistoryItem[] = [];
    const pages = paginateDescribeAlarmHistory(
      { client, stopOnSameToken: true },
      {
        ...asked,
        // Metric alarms alone are told where no type is named.
        AlarmTypes: ["MetricAlarm", "CompositeAlarm", "LogAlarm"],
        MaxRecords: MOST_RECORDS,
        ScanBy: "TimestampAscending",
      },
    );
    for await (const { AlarmHistoryItems = [] } of pages) items.push(...AlarmHistoryItems);
    return items;
  });

const historyData = z.object({
  oldState: z.object({ stateValue: alarmState }).nullable().catch(null),
  newState: z.object({ stateValue: alarmState, stateReasonData: z.unknown().optional() }),
});

/** In words, for data that is cut off: it has 4,095 characters at most. */
const summary = /^Alarm updated from (OK|ALARM|INSUFFICIENT_DATA) to (OK|ALARM|INSUFFICIENT_DATA)/;

/** Null where an item tells no change of state. */
const transitionIn = (key: string, item: AlarmHistoryItem): AlarmTransition | null => {
  const atMs = item.Timestamp?.getTime();
  if (atMs === undefined) return null;
  const data = historyData.safeParse(fromJson(item.HistoryData));
  if (!data.success) {
    const [, from, to] = summary.exec(item.HistorySummary ?? "") ?? [];
    return to === undefined ? null : { key, atMs, from: alarmState.parse(from), to: alarmState.parse(to) };
  }
  const { oldState, newState } = data.data;
  const byHand = item.AlarmType === "MetricAlarm" && !looksLikeCloudWatch(newState.stateReasonData);
  return {
    ...{ key, atMs, from: oldState?.stateValue ?? null, to: newState.stateValue },
    ...(byHand ? { maybeSetByHand: true } : {}),
  };
};

const fromJson = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return null;
  }
};
