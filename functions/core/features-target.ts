import type { Change, Resource } from "./evidence.ts";
import { type Feature, flag, joined, number } from "./feature.ts";
import { FULLNESS, isDeploying, isDown } from "./fullness.ts";
import { METRIC_FAMILIES, type MetricFamily } from "./metric-family.ts";
import type { Option } from "./option.ts";
import { calleesOf, callersAbove, hopsAboveAlarm, hopsBelowAlarm } from "./paths.ts";
import { remembered } from "./remembered.ts";
import { groupOf, RESOURCE_GROUPS, type ResourceGroup } from "./resource-group.ts";
import { deviationIn, type Scene, type Signs, signsAt, signsOf } from "./scene.ts";

/** What the evidence says of a candidate's target, of what it calls and of what calls it. All 0 without a target. */
type TargetFeature = Feature<Option>;

const DAY_MINUTES = 1440;
const FAR = 8;
/** Nothing can be done to somebody else's service. */
const NOT_OURS: ResourceGroup = "providers";

const onTarget = (option: Option, of: (target: Resource) => number, otherwise = 0): number =>
  option.target === null ? otherwise : of(option.target);

const hopsTo = (option: Option, hops: ReadonlyMap<string, number>): number =>
  onTarget(option, ({ arn }) => hops.get(arn) ?? FAR, FAR);

const RELATION: readonly TargetFeature[] = [
  ...RESOURCE_GROUPS.filter((group) => group !== NOT_OURS).map((group) =>
    flag<Option>(joined("targets", group), ({ target }) => target !== null && groupOf(target.type) === group),
  ),
  flag("targetUnknown", ({ candidate, target }) => candidate.target !== null && target === null),
  flag("targetOwn", ({ target, scene }) => target !== null && target.service === scene.context.service.name),
  flag("targetInDependency", ({ target, scene }) =>
    scene.context.service.dependsOn.some((service) => service === target?.service),
  ),
  number("hopsBelowAlarm", "calls from what rings, 8 = not reached", [0, FAR], (option) =>
    hopsTo(option, hopsBelowAlarm(option.scene, null)),
  ),
  number("hopsAboveAlarm", "calls to what rings, 8 = not reached", [0, FAR], (option) =>
    hopsTo(option, hopsAboveAlarm(option.scene, null)),
  ),
  number("callers", "log(1 + resources)", [0, 6], (option) =>
    onTarget(option, ({ arn }) => Math.log1p(callersAbove(option.scene, arn).length)),
  ),
];

const below: (scene: Scene, arn: string) => Signs = remembered((scene, arn) => signsOf(scene, calleesOf(scene, arn)));
const above: (scene: Scene, arn: string) => Signs = remembered((scene, arn) =>
  signsOf(scene, callersAbove(scene, arn)),
);

type View = Readonly<{
  name: string;
  families: readonly MetricFamily[];
  /** By FULLNESS. */
  limits: readonly string[];
  of: (scene: Scene, arn: string) => Signs;
}>;

const ALL_LIMITS: readonly string[] = FULLNESS.map(({ name }) => name);
/** What is measured only where nothing can be done about it: at the edge, or beside what can be changed. */
const NEVER_BELOW: readonly MetricFamily[] = ["rejections"];
const NEVER_AT_TARGETS: readonly MetricFamily[] = ["hosts", "evictions"];
const except = (left: readonly MetricFamily[]): readonly MetricFamily[] =>
  METRIC_FAMILIES.filter((family) => !left.includes(family));

const VIEWS: readonly View[] = [
  { name: "target", families: except(NEVER_AT_TARGETS), limits: ALL_LIMITS, of: signsAt },
  { name: "below", families: except(NEVER_BELOW), limits: ALL_LIMITS, of: below },
  {
    name: "above",
    families: ["errors", "latency", "traffic", "throttles", "backlog"],
    limits: ["cpuShare", "memoryShare", "concurrencyShare", "runningShare"],
    of: above,
  },
];

const EVIDENCE: readonly TargetFeature[] = VIEWS.flatMap(({ name, families, limits, of }) => [
  ...families.map((family) =>
    number<Option>(joined(name, family), "asinh of spreads from usual", [-10, 10], (option) =>
      onTarget(option, ({ arn }) => deviationIn(of(option.scene, arn), family)),
    ),
  ),
  ...FULLNESS.flatMap((fullness, i) =>
    limits.includes(fullness.name)
      ? number<Option>(joined(name, fullness.name), "share", [0, 4], (option) =>
          onTarget(option, ({ arn }) => of(option.scene, arn).fullness[i] ?? fullness.idle, fullness.idle),
        )
      : [],
  ),
]);

/** The metrics that a runbook is meant to end, as `namespace/metricName`: how far they stand above usual. */
const treated = ({ scene, runbook }: Option, arns: Iterable<string>): number => {
  let most = 0;
  for (const arn of arns)
    for (const { series, deviation } of scene.measured.get(arn) ?? [])
      if (deviation > most && runbook?.treats.includes(`${series.metric.namespace}/${series.metric.metricName}`))
        most = deviation;
  return most;
};

const TREATMENT: readonly TargetFeature[] = [
  number("treatsHere", "asinh of spreads above usual", [0, 10], (option) =>
    onTarget(option, ({ arn }) => treated(option, [arn])),
  ),
  number("treatsAbove", "asinh of spreads above usual", [0, 10], (option) =>
    onTarget(option, ({ arn }) => treated(option, callersAbove(option.scene, arn))),
  ),
  flag(
    "treatsAlarm",
    ({ runbook, scene }) =>
      runbook?.treats.some((name) =>
        scene.context.alarmMetrics.some(({ namespace, metricName }) => name === `${namespace}/${metricName}`),
      ) === true,
  ),
  number("targetSilent", "series", [0, 64], (option) =>
    onTarget(option, ({ arn }) => signsAt(option.scene, arn).silent),
  ),
  number("targetZoneGap", "asinh of spreads between zones", [0, 20], (option) =>
    onTarget(option, ({ arn }) => signsAt(option.scene, arn).zoneGap),
  ),
  flag("targetDown", ({ target }) => target !== null && isDown(target)),
  flag("targetDeploying", ({ target }) => target !== null && isDeploying(target)),
  flag("targetReplica", ({ target }) => target?.attributes.isReplica === true),
  flag("targetStandby", ({ target }) => target?.attributes.multiAz === true),
  number("targetFailedTasks", "log(1 + tasks)", [0, 12], ({ target }) => {
    const failed = target?.attributes.failedTasks;
    return typeof failed === "number" && failed > 0 ? Math.log1p(failed) : 0;
  }),
];

/** When the control plane last put a version in place, under its own names. */
const CHANGED_AT = ["deployedAtMs", "updatedAtMs", "routingUpdatedAtMs"] as const;

type Newest = Readonly<{ atMs: number; record: Change | null }>;

/** The newest change of a target by now: a record, or what the control plane says itself where the record is missing. */
const newestChange: (scene: Scene, arn: string) => Newest | null = remembered((scene, arn) => {
  // A commit puts nothing in place: it must not hide the deployment before it.
  const record = scene.changes.findLast(({ target, kind }) => target === arn && kind !== "commit") ?? null;
  const told = CHANGED_AT.map((name) => scene.resources.get(arn)?.attributes[name]).filter(
    (atMs): atMs is number => typeof atMs === "number" && atMs > 0 && atMs <= scene.context.nowMs,
  );
  const atMs = Math.max(record?.atMs ?? 0, ...told);
  return atMs > 0 ? { atMs, record } : null;
});

const sinceChange = (option: Option, atMs: number): number => {
  const newest = option.target === null ? null : newestChange(option.scene, option.target.arn);
  return newest === null ? DAY_MINUTES : (atMs - newest.atMs) / 60_000;
};

/** When errors or slowness began at the target, else at one that calls it, else where the alarm rings. */
const harmedSince = ({ scene, target }: Option): number => {
  for (const arn of target === null ? [] : [target.arn, ...callersAbove(scene, target.arn)]) {
    const since = (scene.measured.get(arn) ?? []).flatMap(({ family, deviation, sinceMs }) =>
      (family === "errors" || family === "latency") && deviation > 0 && sinceMs !== null ? [sinceMs] : [],
    );
    if (since.length > 0) return Math.min(...since);
  }
  return scene.troubleMs;
};

const isRecord = (option: Option, holds: (record: Change) => boolean): boolean => {
  const record = option.target === null ? null : (newestChange(option.scene, option.target.arn)?.record ?? null);
  return record !== null && holds(record);
};

const CHANGE: readonly TargetFeature[] = [
  number("changeBeforeAlarm", "minutes, 1440 = none", [-DAY_MINUTES, DAY_MINUTES], (option) =>
    sinceChange(option, option.scene.context.openedAtMs),
  ),
  number("changeBeforeHarm", "minutes, 1440 = none", [-DAY_MINUTES, DAY_MINUTES], (option) =>
    sinceChange(option, harmedSince(option)),
  ),
  number("laterChanges", "log(1 + changes elsewhere since)", [0, 6], ({ scene, target }) => {
    const newest = target === null ? null : newestChange(scene, target.arn);
    const later = scene.changes.filter(
      (change) =>
        newest !== null && change.kind !== "commit" && change.atMs > newest.atMs && change.target !== target?.arn,
    );
    return Math.log1p(later.length);
  }),
  ...(["deployment", "config"] as const).map((kind) =>
    flag<Option>(joined(kind, "onTarget"), (option) => isRecord(option, (record) => record.kind === kind)),
  ),
  flag("changeFromKnown", (option) => isRecord(option, ({ from }) => from !== null)),
  number("growth", "doublings of the parameter that changes most", [-6, 6], growthOf),
];

/** A parameter against the one that it expects to find, or against the target's attribute of the same name. */
function growthOf({ candidate: { params }, target }: Option): number {
  let most = 0;
  for (const [name, value] of Object.entries(params)) {
    const before = params[`Expected${name}`] ?? target?.attributes[name.slice(0, 1).toLowerCase() + name.slice(1)];
    if (typeof value !== "number" || typeof before !== "number" || !(value >= 0) || !(before >= 0)) continue;
    const doublings = Math.log2((value + 1) / (before + 1));
    if (Math.abs(doublings) > Math.abs(most)) most = doublings;
  }
  return most;
}

export const TARGET: readonly TargetFeature[] = [...RELATION, ...EVIDENCE, ...TREATMENT, ...CHANGE];
