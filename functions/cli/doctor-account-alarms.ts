import type { DescribedAlarm } from "../adapters/aws/described-alarm.ts";
import type { Alarm } from "../core/alarm.ts";
import { serviceOf } from "../core/service-graph.ts";
import type { Look } from "./doctor-account-setup.ts";
import { few, ok, warning } from "./doctor-finding.ts";

/** What of the account's alarms would reach the agent, and what it would make of them. */
export const alarmsFinding: Look = async ({ clients, configuration }) => {
  const { settings, alarmNamePrefix } = configuration;
  const { alarmsWithPrefix } = await import("../adapters/aws/cloudwatch-alarms.ts");
  const alarms = await alarmsWithPrefix(await clients.cloudWatch(), alarmNamePrefix);
  const named = alarmNamePrefix === "" ? "" : ` named ${alarmNamePrefix}...`;
  if (alarms.length === 0)
    return warning(
      `no alarm${named} in ${clients.region}`,
      "correct alarmNamePrefix, or make alarms: nothing rings without",
    );
  const claimed = alarms.map((alarm) => ({ alarm, service: serviceOf(settings, subject(alarm))?.name ?? null }));
  const unclaimed = claimed.filter(({ service }) => service === null).map(({ alarm }) => alarm.name);
  const silent = settings.services
    .map(({ name }) => name)
    .filter((name) => !claimed.some(({ service }) => service === name));
  const off = alarms.filter(({ actionsEnabled }) => !actionsEnabled).map(({ name }) => name);
  const composites = alarms.filter(({ kind }) => kind === "composite").length;
  const counts = [
    `${alarms.length} ${alarms.length === 1 ? "alarm" : "alarms"}${named}`,
    `${alarms.length - unclaimed.length} of a service`,
    ...(composites === 0 ? [] : [`${composites} composite: their children ring too where their names begin so`]),
    ...(unclaimed.length === 0 ? [] : [`of no service: ${few(unclaimed)}`]),
    ...(silent.length === 0 ? [] : [`services without one: ${few(silent)}`]),
    // EventBridge tells of them all the same.
    ...(off.length === 0 ? [] : [`with actions off, which ring here all the same: ${few(off)}`]),
  ];
  const found = counts.join("; ");
  if (unclaimed.length > 0)
    return warning(
      found,
      "name their service in settings.alarms: an alarm of no service is only ever handed to people",
    );
  return silent.length > 0 ? warning(found, "make an alarm for each: nothing of them rings") : ok(found);
};

const subject = ({ name, metrics }: DescribedAlarm): Pick<Alarm, "alarmName" | "metrics" | "attributes"> => ({
  alarmName: name,
  metrics,
  attributes: {},
});
