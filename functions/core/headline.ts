import type { Context } from "./context.ts";
import type { Drafted } from "./ports.ts";
import { isBreached } from "./severity.ts";
import { baselineOf } from "./verify.ts";

/** A number as people read it: four significant digits, no exponent. */
const readable = (value: number): string => String(Number(value.toPrecision(4)));

/** Facts that a person may want before the scores: how long, how bad, what changed. All computed, none quoted. */
export const headlineFacts = (context: Context): readonly string[] => {
  const ringing = context.alarms.filter((alarm) => alarm.state === "ALARM").length;
  const minutes = Math.round((context.nowMs - context.openedAtMs) / 60_000);
  const readings = baselineOf(context.service, context.series, context.nowMs).slis;
  const unread = readings.filter(({ value }) => value === null).length;
  const breached = context.service.slis.flatMap((sli, i) => {
    const value = readings[i]?.value ?? null;
    return value !== null && isBreached(sli, value)
      ? [`${sli.name} is ${readable(value)}, ${sli.bad} its limit of ${readable(sli.limit)}`]
      : [];
  });
  const change = context.changes.toSorted((a, b) => b.atMs - a.atMs)[0];
  // A change's reference may be a branch, and anybody can name one: what changed is said by the resource's own name.
  const changed = context.resources.find(({ arn }) => arn === change?.target);
  return [
    `${ringing} of ${context.alarms.length} alarms ringing, ${minutes} min after the first`,
    ...(breached.length > 0 || unread === readings.length ? breached : ["no SLI that can be read is beyond its limit"]),
    ...(unread > 0 ? [`${unread} of ${readings.length} SLIs cannot be read`] : []),
    change === undefined
      ? "no change recorded near it"
      : `newest change: ${change.kind}${changed === undefined ? "" : ` of ${changed.name}`}, ${Math.round((context.openedAtMs - change.atMs) / 60_000)} min before the alarm`,
  ];
};

/** Reasons for care: what holds the agent back, what was not read in whole, who drafted. Computed, none quoted. */
export const cautionFacts = (context: Context, drafted: Pick<Drafted, "name" | "because">): readonly string[] => [
  ...(context.restraint === null ? [] : [context.restraint.detail]),
  ...(lastRing(context)?.maybeSetByHand === true
    ? ["the newest ALARM bears no reason of CloudWatch's own: somebody may have set it by hand"]
    : []),
  ...(context.missing.length === 0
    ? []
    : [`could not be read: ${context.missing.map(({ source }) => source).join(", ")}`]),
  ...context.cut.map(({ source, kept, of, unit }) => `only ${kept} of ${of} ${unit} kept of ${source}`),
  ...(drafted.name === "offline" ? [] : [`drafted by ${drafted.name}`]),
  ...(drafted.because === null ? [] : [`the drafter did not speak: ${drafted.because.code}`]),
];

const lastRing = ({ history }: Context): Context["history"][number] | undefined =>
  history.findLast(({ to }) => to === "ALARM");
