import {
  type AlarmContributor,
  type CloudWatchClient,
  DescribeAlarmContributorsCommand,
  type DescribeAlarmsInput,
  paginateDescribeAlarms,
} from "@aws-sdk/client-cloudwatch";
import type { Alarm } from "../../core/alarm.ts";
import type { AlarmSnapshot } from "../../core/evidence.ts";
import { alarmKey } from "../../core/ids.ts";
import { mutedAlarms } from "./alarm-mutes.ts";
import { type AlarmPlace, namesIn } from "./alarm-names.ts";
import { AwsCallFailed, callAws } from "./call.ts";
import { compositeAlarm, type DescribedAlarm, logAlarm, metricAlarm } from "./described-alarm.ts";

const ACTION = "cloudwatch:DescribeAlarms";
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
const MOST_NAMES = 100;
/** Metric alarms alone are told where no type is named. */
const TYPES = ["MetricAlarm", "CompositeAlarm", "LogAlarm"] as const;

/**
 * The alarms as they stand now, in the order of their keys. Left out: those of another account or Region, and those that
 * do not exist.
 * @throws AwsCallFailed
 */
export const readAlarms = async (
  client: CloudWatchClient,
  place: AlarmPlace,
  keys: readonly string[],
): Promise<readonly AlarmSnapshot[]> => {
  const here = keys.flatMap((key) => namesIn(place, key) ?? []);
  const names = [...new Set(here.flatMap(({ whole, part }) => (part === null ? [whole] : [whole, part.alarmName])))];
  const alarms = new Map<string, DescribedAlarm>();
  for (let first = 0; first < names.length; first += MOST_NAMES) {
    const some = names.slice(first, first + MOST_NAMES);
    for (const alarm of await described(client, `${some.length} alarms`, { AlarmNames: some }))
      alarms.set(alarm.name, alarm);
  }
  const shown: AlarmSnapshot[] = [];
  const contributors = new Map<string, Promise<readonly AlarmContributor[]>>();
  for (const { key, whole, part } of here) {
    const alarm = alarms.get(whole);
    const parent = part === null ? undefined : alarms.get(part.alarmName);
    if (alarm !== undefined) shown.push(snapshot(key, alarm));
    else if (part !== null && parent?.hasContributors) {
      const ringing = contributors.get(parent.name) ?? ringingContributors(client, parent.name);
      contributors.set(parent.name, ringing);
      shown.push(contributorSnapshot(key, parent, part.contributorId, await ringing));
    }
  }
  return shown;
};

const snapshot = (key: string, alarm: DescribedAlarm): AlarmSnapshot => ({
  key,
  state: alarm.state,
  changedAtMs: alarm.changedAtMs,
  periodSeconds: alarm.periodSeconds,
  evaluationPeriods: alarm.evaluationPeriods,
});

/**
 * CloudWatch lists the contributors that ring. One that is not listed does not; since when, only its alarm's own last change
 * tells, and that is a lower bound. Without data the alarm as a whole is INSUFFICIENT_DATA, and so is each of them.
 */
const contributorSnapshot = (
  key: string,
  alarm: DescribedAlarm,
  contributorId: string,
  ringing: readonly AlarmContributor[],
): AlarmSnapshot => {
  const own = ringing.find(({ ContributorId }) => ContributorId === contributorId);
  if (own === undefined)
    return { ...snapshot(key, alarm), state: alarm.state === "INSUFFICIENT_DATA" ? "INSUFFICIENT_DATA" : "OK" };
  const changedAtMs = own.StateTransitionedTimestamp?.getTime() ?? alarm.changedAtMs;
  return { ...snapshot(key, alarm), state: "ALARM", changedAtMs };
};

/**
 * Every alarm in ALARM whose name begins so, as an event of it would have told; "" is every alarm. An alarm over many time
 * series comes as one for each that rings.
 * @throws AwsCallFailed
 */
export const alarmsRinging = async (
  client: CloudWatchClient,
  place: AlarmPlace,
  prefix: string,
): Promise<readonly Alarm[]> => {
  const found = await described(client, `alarms in ALARM`, { ...begins(prefix), StateValue: "ALARM" });
  // Not every emulator looks at both.
  const ringing = found.filter(({ name, state }) => state === "ALARM" && name.startsWith(prefix));
  const muted = ringing.length === 0 ? new Set<string>() : await mutedOrNone(client);
  const alarms = await Promise.all(
    ringing.map(async (alarm) => {
      const whole = alarmOf(place, alarm, muted.has(alarm.name));
      const parts = alarm.hasContributors ? await ringingContributors(client, alarm.name) : [];
      return parts.length === 0 ? [whole] : parts.map((part) => contributorOf(whole, part));
    }),
  );
  return alarms.flat();
};

/** Where the mutes cannot be read none is: rather an incident too many than one too few. */
const mutedOrNone = async (client: CloudWatchClient): Promise<ReadonlySet<string>> => {
  try {
    return await mutedAlarms(client);
  } catch (error) {
    if (error instanceof AwsCallFailed) return new Set();
    throw error;
  }
};

/** Every alarm whose name begins so, in order of name; "" is every alarm. Throws AwsCallFailed. */
export const alarmsWithPrefix = async (
  client: CloudWatchClient,
  prefix: string,
): Promise<readonly DescribedAlarm[]> => {
  const found = await described(client, prefix === "" ? "all alarms" : `alarms named ${prefix}*`, begins(prefix));
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
};

const begins = (prefix: string): DescribeAlarmsInput => (prefix === "" ? {} : { AlarmNamePrefix: prefix });

const alarmOf = (place: AlarmPlace, alarm: DescribedAlarm, muted: boolean): Alarm => {
  const { name: alarmName, kind, state, changedAtMs, reason, description, metrics, threshold, suppressedBy } = alarm;
  return {
    key: alarmKey({ ...place, alarmName, contributorId: null }),
    ...{ account: place.account, region: place.region, alarmName, contributorId: null, attributes: {}, kind, state },
    // What came before is not shown.
    ...{ changedAtMs, previousState: null, reason, description, metrics, threshold, suppressedBy, muted },
  };
};

const contributorOf = (alarm: Alarm, part: AlarmContributor): Alarm => {
  const contributorId = part.ContributorId ?? "";
  return {
    ...alarm,
    key: alarmKey({ ...alarm, contributorId }),
    contributorId,
    attributes: part.ContributorAttributes ?? {},
    kind: "query",
    changedAtMs: part.StateTransitionedTimestamp?.getTime() ?? alarm.changedAtMs,
    reason: part.StateReason ?? alarm.reason,
  };
};

const described = (
  client: CloudWatchClient,
  what: string,
  asked: DescribeAlarmsInput,
): Promise<readonly DescribedAlarm[]> =>
  callAws(ACTION, what, async () => {
    const alarms: (DescribedAlarm | null)[] = [];
    const pages = paginateDescribeAlarms(
      { client, stopOnSameToken: true },
      { ...asked, AlarmTypes: [...TYPES], MaxRecords: MOST_NAMES },
    );
    for await (const { MetricAlarms = [], CompositeAlarms = [], LogAlarms = [] } of pages)
      alarms.push(...MetricAlarms.map(metricAlarm), ...CompositeAlarms.map(compositeAlarm), ...LogAlarms.map(logAlarm));
    return alarms.filter((alarm) => alarm !== null);
  });

const ringingContributors = (client: CloudWatchClient, name: string): Promise<readonly AlarmContributor[]> =>
  callAws("cloudwatch:DescribeAlarmContributors", name, async () => {
    const all: AlarmContributor[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(new DescribeAlarmContributorsCommand({ AlarmName: name, NextToken }));
      all.push(...(page.AlarmContributors ?? []));
      // A token that comes back unchanged would go on for ever.
      NextToken = page.NextToken === NextToken ? undefined : page.NextToken;
    } while (NextToken !== undefined);
    return all;
  });
