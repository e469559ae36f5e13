import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Series } from "../../functions/core/evidence.ts";
import type { Runbook, Suggestion } from "../../functions/core/runbook.ts";
import type { SliSettings } from "../../functions/core/settings.ts";
import { median, minutesBetween, type Point, pointsOf, shown } from "../facts.ts";
import { strainAt } from "../strain.ts";

const ID = "wait";
/** Below every strong match (above 0.7), above `page` (0.5) once and no longer than that. */
const FIRST_FIT = 0.65;
const QUIET_FIT = 0.6;
const IDLE_FIT = 0.3;
/** What each wait that was tried takes off. */
const PATIENCE = 0.2;
/** Changes older than this before the alarm do not count against waiting. */
const CHANGE_MINUTES = 60;
const YOUNG_MINUTES = 10;
const LOW_SEVERITY = 3;
const SEVERE_SHARE = 0.5;
/** Falling back: less than half of the way from the limit to the worst reading is left. */
const LEFT_SHARE = 0.5;

type Metric = SliSettings["metric"];
const seriesFor = (context: Context, metric: Metric): Series | null =>
  context.series.find(
    (one) =>
      one.metric.metricName === metric.metricName &&
      one.metric.namespace === metric.namespace &&
      one.metric.stat === metric.stat &&
      Object.entries(metric.dimensions).every(([key, value]) => one.metric.dimensions[key] === value),
  ) ?? null;

/** An SLI minute by minute, in its own unit. */
const readingsOf = (context: Context, sli: SliSettings): readonly Point[] => {
  const own = seriesFor(context, sli.metric);
  if (sli.per === undefined) return pointsOf(own, "left-out");
  const counts = new Map(pointsOf(own, "zero").map(({ atMs, value }) => [atMs, value]));
  return pointsOf(seriesFor(context, sli.per), "left-out").flatMap(({ atMs, value }) =>
    value > 0 ? [{ atMs, value: (counts.get(atMs) ?? 0) / value }] : [],
  );
};

type Course = Readonly<{
  name: string;
  series: string;
  limit: number;
  worst: number;
  now: number;
  isFallingBack: boolean;
}>;

/** The course of an SLI that was beyond its limit in the last half hour; null where it was not. */
const courseOf = (context: Context, sli: SliSettings): Course | null => {
  const sign = sli.bad === "above" ? 1 : -1;
  const values = readingsOf(context, sli)
    .slice(-30)
    .map(({ value }) => sign * value);
  const worst = Math.max(...values);
  const now = median(values.slice(-2));
  const limit = sign * sli.limit;
  if (!(worst > limit) || Number.isNaN(now)) return null;
  const isFallingBack = now - limit <= LEFT_SHARE * (worst - limit) && (values.at(-1) ?? now) <= (values.at(-3) ?? now);
  const series = seriesFor(context, sli.metric)?.id ?? "";
  return { name: sli.name, series, limit: sli.limit, worst: sign * worst, now: sign * now, isFallingBack };
};

const ageMinutes = (context: Context): number => minutesBetween(context.openedAtMs, context.nowMs);

/** No recent change, nothing unwell by its own numbers, and either little at stake or an alarm that has just rung. */
const isQuiet = (context: Context): boolean =>
  canSee(context) &&
  !context.changes.some(
    ({ kind, atMs }) => kind !== "commit" && minutesBetween(atMs, context.openedAtMs) <= CHANGE_MINUTES,
  ) &&
  !context.resources.some((resource) => strainAt(context, resource) !== null) &&
  (context.service.severity >= LOW_SEVERITY || (ageMinutes(context) < YOUNG_MINUTES && !isSevere(context)));

/** Calm is something to be seen: where no number can be read, nothing is known to be quiet. */
const canSee = (context: Context): boolean =>
  context.series.some(({ values }) => values.some((value) => value !== null));

/** Whether most of the users are failing: then five minutes are too long to look on. */
const isSevere = (context: Context): boolean =>
  context.service.slis.some((sli) => {
    const values = readingsOf(context, sli).slice(-2);
    return sli.per !== undefined && sli.role === "errors" && median(values.map(({ value }) => value)) > SEVERE_SHARE;
  });

const suggest = (context: Context): Suggestion => {
  const waits = context.tried.filter(({ runbook }) => runbook === ID).length;
  const courses = context.service.slis.map((sli) => courseOf(context, sli)).filter((course) => course !== null);
  const offer = (fit: number, because: string, evidence: readonly string[]): Suggestion => ({
    target: "",
    params: {},
    fit: Math.max(0.05, fit - PATIENCE * waits),
    because,
    evidence,
  });
  const [course] = courses;
  if (course !== undefined && courses.every(({ isFallingBack }) => isFallingBack))
    return offer(
      FIRST_FIT,
      `${course.name} is falling back: from ${shown(course.worst)} to ${shown(course.now)}, limit ${shown(course.limit)}.`,
      courses.map(({ series }) => series),
    );
  if (isQuiet(context))
    return offer(QUIET_FIT, "No change came before it, and no resource is unwell by its own numbers.", []);
  return offer(IDLE_FIT, "Nothing says that it will pass by itself.", []);
};

/** Looks again later. Its own rules say when that is wise: when the trouble is passing, or nothing speaks of a cause. */
export const wait: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Wait and look again",
  kind: "wait",
  effect: "Nothing is changed.",
  targetType: null,
  parameters: z.strictObject({}),
  tier: 0,
  reversal: "not-needed",
  documents: null,
  expectedMinutes: 5,
  cooldownSeconds: 0,
  whenRecovered: "finish",
  treats: [],
  endsDeployment: false,
  blastRadius: () => ({ share: 0, resources: 0, zones: 0, dataStore: false, capacity: null }),
  suitsWhen: "The trouble is falling back by itself, or nothing recent or unwell explains it yet.",
  aim: () => null,
  suits: (context) => [suggest(context)],
};
