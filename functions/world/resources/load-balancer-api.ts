import type { Json } from "../../core/json.ts";
import { uuidOf } from "../random.ts";
import { type ApiHandler, type ApiInput, answered, failed, resourcesOfKind, textOf } from "../resource-type.ts";
import { schedule, type World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import { isTargetGroup, shiftedAway, type TargetGroup, type ZonalShift } from "./load-balancer-zones.ts";

/** ARN of the load balancer of a target group. */
export const loadBalancerArn = (group: TargetGroup): string =>
  group.arn.replace(/:targetgroup\/.*$/, `:loadbalancer/${group.loadBalancer}`);

/** The id of a zone in this account: `eu-west-1a` is `euw1-az1`. */
export const zoneIdOf = (zone: string): string => {
  const [, area = "", direction = "", number = "", letter = "a"] = /^(\w\w)-(\w)\w*-(\d)(\w)$/.exec(zone) ?? [];
  return `${area}${direction}${number}-az${letter.charCodeAt(0) - "a".charCodeAt(0) + 1}`;
};

const describeTargetGroups = (world: World, input: ApiInput): ApiReply => {
  const wanted = Array.isArray(input.TargetGroupArns) ? input.TargetGroupArns : null;
  const found = resourcesOfKind(world, isTargetGroup).filter(({ arn }) => wanted === null || wanted.includes(arn));
  if (wanted !== null && found.length < wanted.length)
    return failed("TargetGroupNotFound", "One or more target groups not found");
  return answered({
    TargetGroups: found.map((group) => ({
      TargetGroupArn: group.arn,
      TargetGroupName: group.name,
      LoadBalancerArns: [loadBalancerArn(group)],
    })),
  });
};

const describeTargetHealth = (world: World, input: ApiInput): ApiReply => {
  const arn = textOf(input, "TargetGroupArn");
  const group = resourcesOfKind(world, isTargetGroup).find((one) => one.arn === arn);
  if (group === undefined) return failed("TargetGroupNotFound", "One or more target groups not found");
  const edge = world.system.edges.find(({ from }) => from === group.arn);
  return answered({
    TargetHealthDescriptions:
      edge === undefined ? [] : [{ Target: { Id: edge.to }, TargetHealth: { State: "healthy" } }],
  });
};

const HOUR_MS = 3_600_000;
const MOST_HOURS = 72; // ARC's longest zonal shift

const described = (group: TargetGroup, shift: ZonalShift): Readonly<Record<string, Json>> => ({
  zonalShiftId: shift.id,
  resourceIdentifier: loadBalancerArn(group),
  awayFrom: zoneIdOf(shift.zone),
  comment: shift.comment,
  startTime: shift.startedAtMs / 1000,
  expiryTime: shift.expiresAtMs / 1000,
});

const showShift = (group: TargetGroup, shift: ZonalShift): Json => ({
  ...described(group, shift),
  status: shift.status,
});

const managed = (world: World, arn: string | null): TargetGroup | undefined =>
  resourcesOfKind(world, isTargetGroup).find((group) => loadBalancerArn(group) === arn);

const notManaged = (): ApiReply => failed("ResourceNotFoundException", "The resource could not be found.");

/** `30m`, `2h`: minutes or hours, as ARC wants it; null where it is something else, or too long. */
const lengthMs = (expiresIn: string | null): number | null => {
  const [, number = "", unit] = /^([1-9][0-9]*)([mh])$/.exec(expiresIn ?? "") ?? [];
  const ms = Number(number) * (unit === "h" ? HOUR_MS : HOUR_MS / 60);
  return ms > 0 && ms <= MOST_HOURS * HOUR_MS ? ms : null;
};

const startZonalShift = (world: World, input: ApiInput): ApiReply => {
  const ms = lengthMs(textOf(input, "expiresIn"));
  const comment = textOf(input, "comment");
  if (ms === null || comment === null) return failed("ValidationException", "expiresIn or comment is not valid.");
  const group = managed(world, textOf(input, "resourceIdentifier"));
  if (group === undefined) return notManaged();
  const zone = group.zones.find((one) => zoneIdOf(one) === input.awayFrom);
  if (zone === undefined) return failed("ValidationException", "The Availability Zone is not valid for the resource.");
  if (shiftedAway(group) !== null)
    return failed("ConflictException", "There is already an active zonal shift for the resource.");
  const id = uuidOf(`${group.arn}/${group.shifts.length}`);
  const expiresAtMs = world.nowMs + ms;
  const shift: ZonalShift = { id, zone, comment, startedAtMs: world.nowMs, expiresAtMs, status: "ACTIVE" };
  group.shifts = [...group.shifts, shift];
  schedule(world, expiresAtMs, { kind: "resource", arn: group.arn, what: "shift-expires", subject: id });
  return answered(showShift(group, shift));
};

const cancelZonalShift = (world: World, input: ApiInput): ApiReply => {
  const id = textOf(input, "zonalShiftId");
  for (const group of resourcesOfKind(world, isTargetGroup)) {
    const shift = group.shifts.find((one) => one.id === id);
    if (shift === undefined) continue;
    if (shift.status !== "ACTIVE") return failed("ConflictException", "The zonal shift is not active.");
    const cancelled: ZonalShift = { ...shift, status: "CANCELED" };
    group.shifts = group.shifts.map((one) => (one.id === id ? cancelled : one));
    return answered(showShift(group, cancelled));
  }
  return notManaged();
};

const getManagedResource = (world: World, input: ApiInput): ApiReply => {
  const arn = textOf(input, "resourceIdentifier");
  const group = managed(world, arn);
  if (group === undefined) return notManaged();
  const away = shiftedAway(group);
  const active = group.shifts.filter(({ status }) => status === "ACTIVE");
  return answered({
    arn,
    name: group.loadBalancer.split("/")[1] ?? "",
    appliedWeights: Object.fromEntries(group.zones.map((zone) => [zoneIdOf(zone), zone === away ? 0 : 1])),
    zonalShifts: active.map((shift) => ({ ...described(group, shift), appliedStatus: "APPLIED" })),
  });
};

const listZonalShifts = (world: World, input: ApiInput): ApiReply => {
  const wanted = { arn: textOf(input, "resourceIdentifier"), status: textOf(input, "status") };
  const items = resourcesOfKind(world, isTargetGroup).flatMap((group) =>
    group.shifts
      .filter(({ status }) => wanted.status === null || status === wanted.status)
      .filter(() => wanted.arn === null || loadBalancerArn(group) === wanted.arn)
      .map((shift) => showShift(group, shift)),
  );
  return answered({ items: items.reverse() });
};

export const loadBalancerApis: readonly ApiHandler[] = [
  { service: "elbv2", api: "DescribeTargetGroups", changes: false, answer: describeTargetGroups },
  { service: "elbv2", api: "DescribeTargetHealth", changes: false, answer: describeTargetHealth },
  { service: "arc-zonal-shift", api: "GetManagedResource", changes: false, answer: getManagedResource },
  { service: "arc-zonal-shift", api: "ListZonalShifts", changes: false, answer: listZonalShifts },
  { service: "arc-zonal-shift", api: "StartZonalShift", changes: true, answer: startZonalShift },
  { service: "arc-zonal-shift", api: "CancelZonalShift", changes: true, answer: cancelZonalShift },
];
