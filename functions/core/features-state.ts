import { alarmFlag } from "./alarm-class.ts";
import type { Change, Resource } from "./evidence.ts";
import { type Feature, flag, joined, number } from "./feature.ts";
import { FULLNESS, isDeploying, isDown } from "./fullness.ts";
import { environmentOf } from "./guard-scope.ts";
import { METRIC_FAMILIES, type MetricFamily } from "./metric-family.ts";
import { rememberedLast } from "./remembered.ts";
import { groupOf, RESOURCE_GROUPS, type ResourceGroup } from "./resource-group.ts";
import { deviationIn, type Scene, type Signs, signsOf } from "./scene.ts";
import type { SliSettings } from "./settings.ts";
import { isBreached, shortfall } from "./severity.ts";

/** The situation as numbers: from trusted APIs alone, nothing that anybody can write, nothing from after now. */
type StateFeature = Feature<Scene>;

const DAY_MINUTES = 1440;
const minutes = (ms: number): number => ms / 60_000;
const hourAngle = ({ context }: Scene): number => (new Date(context.nowMs).getTime() / 3_600_000) * (Math.PI / 12);

const INCIDENT: readonly StateFeature[] = [
  number("severity", "1..4", [1, 4], ({ context }) => context.service.severity),
  number("step", "decisions", [0, 5], ({ context }) => context.step),
  number("elapsed", "minutes", [0, DAY_MINUTES], ({ context }) => minutes(context.nowMs - context.openedAtMs)),
  number("hourSine", "sine of the hour of day, UTC", [-1, 1], (scene) => Math.sin(hourAngle(scene))),
  number("hourCosine", "cosine of the hour of day, UTC", [-1, 1], (scene) => Math.cos(hourAngle(scene))),
  flag("production", ({ context }) => environmentOf({ services: [] }, context.service, null).kind === "production"),
  number("flaps", "times to ALARM within the flap window", [0, 64], ({ context }) => context.flaps),
  flag("restrained", ({ context }) => context.restraint !== null),
];

const ALARM: readonly StateFeature[] = [
  number(
    "alarmsRinging",
    "alarms",
    [0, 64],
    ({ context }) => context.alarms.filter(({ state }) => state === "ALARM").length,
  ),
  number("alarmedServices", "services", [0, 16], ({ alarming, resources }) => {
    const services = alarming.flatMap(({ series }) => resources.get(series.arn ?? "")?.service ?? []);
    return new Set(services).size;
  }),
  ...METRIC_FAMILIES.map((family) => flag<Scene>(alarmFlag(family), ({ alarmClass }) => alarmClass === family)),
  ...RESOURCE_GROUPS.map((group) =>
    flag<Scene>(joined("alarmAt", group), ({ alarmAt }) => alarmAt !== null && groupOf(alarmAt.type) === group),
  ),
  number("alarmDeviation", "asinh of spreads from usual", [-10, 10], ({ alarming }) =>
    alarming.reduce((most, { deviation }) => (Math.abs(deviation) > Math.abs(most) ? deviation : most), 0),
  ),
  flag("alarmSilent", ({ alarming }) => alarming.some(({ isSilent }) => isSilent)),
  number("troubleBefore", "minutes from the first trouble to the alarm", [0, 120], ({ context, troubleMs }) =>
    minutes(context.openedAtMs - troubleMs),
  ),
];

const ROLES: readonly SliSettings["role"][] = ["errors", "latency", "saturation", "traffic"];
const MOST_DOUBLINGS = 8;

/** Doublings beyond the limit on the side that hurts, of the worst SLI of a role: 0 at the limit, below it negative. */
const beyondLimit = ({ context, readings }: Scene, role: SliSettings["role"]): number | null => {
  const worst = context.service.slis.flatMap(({ limit, bad, ...sli }, i) => {
    const value = readings[i]?.value ?? null;
    if (sli.role !== role || value === null || !(limit > 0)) return [];
    const share = Math.min(2 ** MOST_DOUBLINGS, Math.max(2 ** -MOST_DOUBLINGS, value / limit));
    const doublings = Math.log2(share);
    return [bad === "above" ? doublings : -doublings];
  });
  return worst.length === 0 ? null : Math.max(...worst);
};

const SLIS: readonly StateFeature[] = [
  number("slisBreached", "share", [0, 1], ({ context: { service }, readings }) => {
    const hit = service.slis.filter((sli, i) => isBreached(sli, readings[i]?.value ?? null)).length;
    return hit / service.slis.length;
  }),
  number("worstShortfall", "share of users", [0, 1], ({ context, readings }) =>
    Math.max(0, ...context.service.slis.map((sli, i) => shortfall(sli, readings[i]?.value ?? null))),
  ),
  number("slisUnread", "SLIs", [0, 64], ({ readings }) => readings.filter(({ value }) => value === null).length),
  ...ROLES.flatMap((role) => [
    number<Scene>(
      joined(role, "beyondLimit"),
      "doublings of the SLI's limit",
      [-MOST_DOUBLINGS, MOST_DOUBLINGS],
      (scene) => beyondLimit(scene, role) ?? 0,
    ),
    flag<Scene>(joined(role, "missing"), (scene) => beyondLimit(scene, role) === null),
  ]),
];

type Side = Readonly<{
  name: string;
  families: readonly MetricFamily[];
  groups: readonly ResourceGroup[];
  of: (scene: Scene) => readonly Resource[];
  signs: (scene: Scene) => Signs;
}>;

const arnsIn = (resources: readonly Resource[]): readonly string[] => resources.map(({ arn }) => arn);

/** Nobody calls what stands at the edge, and only there are callers turned away. */
const AT_THE_EDGE: readonly string[] = ["rejections", "apis", "distributions"];

/** The service itself, with what fits no known resource, and everything else that was read: what it depends on. */
const SIDES: readonly Side[] = [
  {
    ...{ name: "own", families: METRIC_FAMILIES, groups: RESOURCE_GROUPS, of: ({ own }) => own },
    signs: rememberedLast((scene) => signsOf(scene, ["", ...arnsIn(scene.own)])),
  },
  {
    name: "dependency",
    families: METRIC_FAMILIES.filter((family) => !AT_THE_EDGE.includes(family)),
    groups: RESOURCE_GROUPS.filter((group) => !AT_THE_EDGE.includes(group)),
    of: ({ others }) => others,
    signs: rememberedLast((scene) => signsOf(scene, arnsIn(scene.others))),
  },
];

/** A commit changes nothing that runs until it is deployed. */
const KINDS: readonly Change["kind"][] = ["deployment", "config"];

/** Minutes from the newest change of a kind to the alarm; a day where there was none. */
const changeAge = ({ context, changes }: Scene, arns: ReadonlySet<string>, kind: Change["kind"]): number => {
  const newest = changes.findLast((change) => change.kind === kind && arns.has(change.target));
  return newest === undefined ? DAY_MINUTES : minutes(context.openedAtMs - newest.atMs);
};

const arnsOf = (resources: readonly Resource[]): ReadonlySet<string> => new Set(resources.map(({ arn }) => arn));
const counted = (resources: readonly Resource[], counts: (resource: Resource) => boolean): number =>
  Math.log1p(resources.filter(counts).length);

const evidenceOn = ({ name, families, of, signs }: Side): readonly StateFeature[] => [
  ...families.map((family) =>
    number<Scene>(joined(name, family), "asinh of spreads from usual", [-10, 10], (scene) =>
      deviationIn(signs(scene), family),
    ),
  ),
  ...FULLNESS.map((fullness, i) =>
    number<Scene>(joined(name, fullness.name), "share", [0, 4], (scene) => signs(scene).fullness[i] ?? fullness.idle),
  ),
  number(joined(name, "silent"), "series", [0, 64], (scene) => signs(scene).silent),
  number(joined(name, "zoneGap"), "asinh of spreads between zones", [0, 20], (scene) => signs(scene).zoneGap),
  number(joined(name, "down"), "log(1 + resources)", [0, 6], (scene) => counted(of(scene), isDown)),
  number(joined(name, "deploying"), "log(1 + resources)", [0, 6], (scene) => counted(of(scene), isDeploying)),
];

const shapeOf = ({ name, groups, of }: Side): readonly StateFeature[] => [
  ...groups.map((group) =>
    number<Scene>(joined(name, `${group}Count`), "log(1 + resources)", [0, 6], (scene) =>
      counted(of(scene), ({ type }) => groupOf(type) === group),
    ),
  ),
  ...KINDS.map((kind) =>
    number<Scene>(
      joined(name, `${kind}Age`),
      "minutes before the alarm, 1440 = none",
      [-DAY_MINUTES, DAY_MINUTES],
      (scene) => changeAge(scene, arnsOf(of(scene)), kind),
    ),
  ),
  number<Scene>(joined(name, "changes"), "log(1 + changes)", [0, 6], (scene) => {
    const arns = arnsOf(of(scene));
    return Math.log1p(scene.changes.filter(({ target }) => arns.has(target)).length);
  }),
];

const SOURCES = ["alarms", "resources", "metrics", "logs", "changes", "history"] as const;
/** What leaves an incident open. */
const OUTCOMES = ["not-recovered", "rolled-back", "undo-failed", "unknown", "not-run", "refused-by-people"] as const;
const inCamel = (words: string): string => words.split("-").reduce(joined);

const KNOWN: readonly StateFeature[] = [
  number("sourcesMissing", "sources", [0, 16], ({ context }) => context.missing.length),
  ...SOURCES.map((source) =>
    flag<Scene>(joined(source, "missing"), ({ context }) => context.missing.some((one) => one.source === source)),
  ),
  number("seriesRead", "log(1 + series)", [0, 6], ({ context }) => Math.log1p(context.series.length)),
  ...OUTCOMES.map((outcome) =>
    number<Scene>(
      joined("tried", inCamel(outcome)),
      "times in this incident",
      [0, 6],
      ({ context }) => context.tried.filter((one) => one.target !== null && one.outcome === outcome).length,
    ),
  ),
  number(
    "waited",
    "times in this incident",
    [0, 6],
    ({ context }) => context.tried.filter(({ target }) => target === null).length,
  ),
];

export const STATE: readonly StateFeature[] = [
  ...INCIDENT,
  ...ALARM,
  ...SLIS,
  ...SIDES.flatMap(evidenceOn),
  ...SIDES.flatMap(shapeOf),
  ...KNOWN,
];
