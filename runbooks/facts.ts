import type { Context } from "../functions/core/context.ts";
import type { Resource, Series } from "../functions/core/evidence.ts";
import { remembered, rememberedEach, rememberedTexts } from "../functions/core/remembered.ts";

/**
 * Facts that runbooks compute from a context: numbers, ids and times alone. Titles, log templates and every other text
 * that somebody wrote are not read here, so that no wording can make a runbook look fitting.
 */

const MINUTE_MS = 60_000;
/** A baseline of fewer minutes says nothing. */
const BASELINE_POINTS = 4;
/** What counts as now: the median of the last three minutes, the shortest span over which an alarm evaluates. */
const RECENT_POINTS = 3;
/** 1.4826 makes a median absolute deviation comparable to a standard deviation; six of them are no noise. */
const SPREADS = 6 * 1.4826;

/**
 * A series that stands above its own baseline now. `atMs` is the start of the first of those minutes; `what` is the
 * metric in words, for a sentence; `series` is its id, for evidence.
 */
export type Rise = Readonly<{ series: string; what: string; atMs: number; before: number; now: number }>;
/** One reading; `atMs` is the start of its period. */
export type Point = Readonly<{ atMs: number; value: number }>;

/** The first series of each metric of each resource: by ARN, then by the metric's name. */
const seriesByName = remembered((context: Context, _all: null): ReadonlyMap<string, ReadonlyMap<string, Series>> => {
  const byArn = new Map<string, Map<string, Series>>();
  for (const series of context.series) {
    if (series.arn === null) continue;
    const own = byArn.get(series.arn) ?? new Map<string, Series>();
    byArn.set(series.arn, own);
    if (!own.has(series.metric.metricName)) own.set(series.metric.metricName, series);
  }
  return byArn;
});

/** The series of one metric of one resource, or null where it was not read. */
export const seriesOf = (context: Context, arn: string, metricName: string): Series | null =>
  seriesByName(context, null).get(arn)?.get(metricName) ?? null;

type Missing = "left-out" | "zero";

const pointsIn = ({ values, fromMs, periodSeconds }: Series, missing: 0 | null): readonly Point[] => {
  const points: Point[] = [];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? missing;
    if (value !== null) points.push({ atMs: fromMs + i * periodSeconds * 1000, value });
  }
  return points;
};

/** As many series as a context has at most, see `gather.ts`. */
const MOST_SERIES = 200;
const POINTS: Readonly<Record<Missing, (series: Series) => readonly Point[]>> = {
  "left-out": rememberedEach(MOST_SERIES, (series) => pointsIn(series, null)),
  zero: rememberedEach(MOST_SERIES, (series) => pointsIn(series, 0)),
};

/** Values with their times, oldest first. A count that is missing is 0: CloudWatch writes no zeros for it. */
export const pointsOf = (series: Series | null, missing: Missing): readonly Point[] =>
  series === null ? [] : POINTS[missing](series);

/** The value of the period that starts then; null where it is missing, or where none starts. */
const valueAt = ({ values, fromMs, periodSeconds }: Series, atMs: number): number | null =>
  values[(atMs - fromMs) / (periodSeconds * 1000)] ?? null;

/**
 * Where few values are sorted, by insertion and in place: medians are most of what the rules compute, and a list that is
 * copied for each of them costs more than they do. Nothing in it outlives the call.
 */
const sorting = new Float64Array(64);

const sortedFew = (values: readonly number[]): Float64Array => {
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? Number.NaN;
    let place = i;
    for (let below = sorting[place - 1] ?? 0; place > 0 && below > value; below = sorting[place - 1] ?? 0) {
      sorting[place] = below;
      place -= 1;
    }
    sorting[place] = value;
  }
  return sorting;
};

/** The middle value; the mean of the middle two where there is none; NaN of no values. */
export const median = (values: readonly number[]): number => {
  const count = values.length;
  const sorted = count <= sorting.length ? sortedFew(values) : Float64Array.from(values).sort();
  const middle = Math.floor(count / 2);
  if (count === 0) return Number.NaN;
  const upper = sorted[middle] ?? Number.NaN;
  return count % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

type Levels = Readonly<{ before: number; spread: number; now: number; baselineEndsAtMs: number }>;

/** The first third of what was read before the alarm, and the last minutes; null where either is too short to say. */
export const levelsOf: (context: Context, points: readonly Point[]) => Levels | null = remembered((context, points) => {
  const late = points.findIndex(({ atMs }) => atMs >= context.openedAtMs);
  const early = late < 0 ? points.length : late;
  const baseline = points.slice(0, Math.min(early, Math.max(BASELINE_POINTS, Math.floor(early / 3))));
  const last = baseline.at(-1);
  if (last === undefined || baseline.length < BASELINE_POINTS || points.length - baseline.length < RECENT_POINTS)
    return null;
  const before = median(baseline.map(({ value }) => value));
  const spread = median(baseline.map(({ value }) => Math.abs(value - before)));
  const now = median(points.slice(-RECENT_POINTS).map(({ value }) => value));
  return { before, spread, now, baselineEndsAtMs: last.atMs };
});

/** A rise to at least `ratio` times the baseline, beyond its own noise and above `floor`; null where there is none now. */
export const riseOf = (
  context: Context,
  of: Readonly<{ id: string; what: string }>,
  points: readonly Point[],
  least: Readonly<{ ratio: number; floor: number }>,
): Rise | null => {
  const levels = levelsOf(context, points);
  if (levels === null) return null;
  const threshold = Math.max(levels.before * least.ratio, levels.before + SPREADS * levels.spread, least.floor);
  if (levels.now <= threshold) return null;
  const later = points.filter(({ atMs }) => atMs > levels.baselineEndsAtMs);
  const lastLow = later.findLastIndex(({ value }, i) => value <= threshold && (later[i + 1]?.value ?? 0) <= threshold);
  const from = later.slice(lastLow + 1).find(({ value }) => value > threshold);
  return from === undefined
    ? null
    : { series: of.id, what: of.what, atMs: from.atMs, before: levels.before, now: levels.now };
};

type Neighbours = ReadonlyMap<string, readonly Resource[]>;

/** Who calls and who is called directly, by ARN, each list in the order of the context. */
const graphOf = remembered((context: Context, _all: null): Readonly<{ callers: Neighbours; callees: Neighbours }> => {
  const callers = new Map<string, Resource[]>();
  const callees = new Map<string, Resource[]>();
  const add = (neighbours: Map<string, Resource[]>, arn: string, resource: Resource): void => {
    const known = neighbours.get(arn);
    if (known === undefined) neighbours.set(arn, [resource]);
    else known.push(resource);
  };
  for (const resource of context.resources)
    for (const callee of new Set(resource.dependsOn)) add(callers, callee, resource);
  for (const resource of context.resources)
    for (const { arn } of callers.get(resource.arn) ?? []) add(callees, arn, resource);
  return { callers, callees };
});

/** Everything that a resource calls, directly or not, nearest first; itself left out. */
export const callees: (context: Context, arn: string) => readonly Resource[] = remembered((context, arn) =>
  walk(arn, graphOf(context, null).callees),
);

/** Everything that calls a resource, directly or not, nearest first; itself left out. */
export const callers: (context: Context, arn: string) => readonly Resource[] = remembered((context, arn) =>
  walk(arn, graphOf(context, null).callers),
);

const walk = (start: string, neighbours: Neighbours): readonly Resource[] => {
  const found = new Map<string, Resource>();
  const queue = [start];
  for (let arn = queue.shift(); arn !== undefined; arn = queue.shift())
    for (const next of neighbours.get(arn) ?? []) {
      if (next.arn === start || found.has(next.arn)) continue;
      found.set(next.arn, next);
      queue.push(next.arn);
    }
  return [...found.values()];
};

/** Metrics in which users' harm shows, by the names under which AWS publishes them: failures over what was asked. */
const FAILURES: readonly Readonly<{ failed: string; asked: string; slow: string }>[] = [
  { failed: "HTTPCode_Target_5XX_Count", asked: "RequestCount", slow: "TargetResponseTime" },
  { failed: "Errors", asked: "Invocations", slow: "Duration" },
  { failed: "5XXError", asked: "Count", slow: "Latency" },
];
/** One failed request in fifty is beyond what retries hide; half as slow again is beyond a busy hour. */
const FAILURE_RISE = { ratio: 2, floor: 0.02 } as const;
const SLOWNESS_RISE = { ratio: 1.5, floor: 0 } as const;

/** Where users are hurt more than before at one resource: the larger share of failures, else the longer time. */
export const harmAt: (context: Context, arn: string) => Rise | null = remembered((context, arn) => {
  for (const { failed, asked, slow } of FAILURES) {
    const failures = seriesOf(context, arn, failed);
    const requests = seriesOf(context, arn, asked);
    if (failures !== null && requests !== null) {
      const shares = pointsOf(requests, "left-out")
        .filter(({ value }) => value > 0)
        .map(({ atMs, value }) => ({ atMs, value: (valueAt(failures, atMs) ?? 0) / value }));
      const rise = riseOf(context, { id: failures.id, what: `${failed} per request` }, shares, FAILURE_RISE);
      if (rise !== null) return rise;
    }
    const times = seriesOf(context, arn, slow);
    const slower =
      times === null ? null : riseOf(context, { id: times.id, what: slow }, pointsOf(times, "left-out"), SLOWNESS_RISE);
    if (slower !== null) return slower;
  }
  return null;
});

/** Harm at a resource itself, or at the nearest of its callers that measures any. */
export const harmOf: (context: Context, arn: string) => Rise | null = remembered((context, arn) => {
  for (const at of [arn, ...callers(context, arn).map((caller) => caller.arn)]) {
    const rise = harmAt(context, at);
    if (rise !== null) return rise;
  }
  return null;
});

/** Whether a runbook was tried on a target in this incident already: what did not help once is no strong match again. */
export const wasTried = (context: Context, runbook: string, target: string): boolean =>
  context.tried.some((one) => one.runbook === runbook && one.target === target);

/** Minutes, rounded for a sentence. */
export const minutesBetween = (fromMs: number, toMs: number): number => Math.round((toMs - fromMs) / MINUTE_MS);

/** A number as a sentence shows it: three significant digits. */
export const shown = (value: number): string => String(Number(value.toPrecision(3)));

/** The parts of an ARN after its account: for an ECS service `["service", cluster, name]`. */
export const arnParts: (arn: string) => readonly string[] = rememberedTexts((arn) =>
  arn.split(":").slice(5).join(":").split(/[:/]/),
);

/** An attribute that is a text, or null. */
export const textOf = (resource: Resource, attribute: string): string | null => {
  const value = resource.attributes[attribute];
  return typeof value === "string" && value !== "" ? value : null;
};

/** An attribute that is a number, or null. */
export const numberOf = (resource: Resource, attribute: string): number | null => {
  const value = resource.attributes[attribute];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
};
