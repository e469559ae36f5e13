import type { Json } from "../../core/json.ts";
import { type ApiHandler, type ApiInput, answered, failed, resourcesOfKind, textOf } from "../resource-type.ts";
import type { World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import {
  type AutoScalingGroup,
  cancelRefresh,
  type InstanceRefresh,
  inService,
  isAutoScalingGroup,
  refreshUnderWay,
  resize,
  rollBackRefresh,
  startRefresh,
} from "./auto-scaling-fleet.ts";

type Answer = (world: World, group: AutoScalingGroup, input: ApiInput) => ApiReply;

/** Looks the group up that the input names. EC2 Auto Scaling answers ValidationError where there is none. */
const ofGroup =
  (answer: Answer) =>
  (world: World, input: ApiInput): ApiReply => {
    const name = textOf(input, "AutoScalingGroupName");
    const group = resourcesOfKind(world, isAutoScalingGroup).find((one) => one.name === name);
    return group === undefined
      ? failed("ValidationError", "AutoScalingGroup name not found - null")
      : answer(world, group, input);
  };

const showGroup = (group: AutoScalingGroup): Json => ({
  AutoScalingGroupName: group.name,
  AutoScalingGroupARN: group.arn,
  LaunchTemplate: { LaunchTemplateId: group.launchTemplateId, Version: group.version },
  MinSize: group.minSize,
  MaxSize: group.maxSize,
  DesiredCapacity: group.desiredCapacity,
  TargetGroupARNs: group.targetGroup === null ? [] : [group.targetGroup],
  Instances: group.fleets.flatMap(({ generation, version, count }) =>
    Array.from({ length: count }, (_, index) => ({
      InstanceId: `i-${String(Math.round(generation * 10)).padStart(8, "0")}${String(index).padStart(9, "0")}`,
      LifecycleState: "InService",
      HealthStatus: "Healthy",
      LaunchTemplate: { LaunchTemplateId: group.launchTemplateId, Version: version },
    })),
  ),
});

const showRefresh = (group: AutoScalingGroup, refresh: InstanceRefresh): Json => {
  const old = group.fleets.reduce((sum, one) => sum + (one.generation < refresh.generation ? one.count : 0), 0);
  return {
    InstanceRefreshId: refresh.id,
    AutoScalingGroupName: group.name,
    Status: refresh.status,
    StartTime: refresh.startedAtMs / 1000,
    ...(refresh.endedAtMs === null ? {} : { EndTime: refresh.endedAtMs / 1000 }),
    InstancesToUpdate: refresh.endedAtMs === null ? old : 0,
    PercentageComplete: Math.round(100 * (1 - old / Math.max(1, inService(group)))),
  };
};

const describeGroups = (world: World, input: ApiInput): ApiReply => {
  const wanted = Array.isArray(input.AutoScalingGroupNames) ? input.AutoScalingGroupNames : null;
  const all = resourcesOfKind(world, isAutoScalingGroup);
  const found = all.filter(({ name }) => wanted === null || wanted.length === 0 || wanted.includes(name));
  return answered({ AutoScalingGroups: found.map(showGroup) });
};

const describeRefreshes: Answer = (_world, group, input) => {
  const wanted = Array.isArray(input.InstanceRefreshIds) ? input.InstanceRefreshIds : [];
  const found = group.refreshes.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
  // The newest first, as EC2 Auto Scaling lists them.
  return answered({ InstanceRefreshes: found.map((one) => showRefresh(group, one)).reverse() });
};

/** What is wrong with a desired capacity, or null. */
const outOfRange = (group: AutoScalingGroup, capacity: Json | undefined): ApiReply | null => {
  if (typeof capacity !== "number" || !Number.isInteger(capacity) || capacity < 0)
    return failed("ValidationError", "Desired capacity must be a whole number that is not negative.");
  if (capacity > group.maxSize)
    return failed(
      "ValidationError",
      `New SetDesiredCapacity value ${capacity} is above max value ${group.maxSize} for the AutoScalingGroup.`,
    );
  if (capacity < group.minSize)
    return failed(
      "ValidationError",
      `New SetDesiredCapacity value ${capacity} is below min value ${group.minSize} for the AutoScalingGroup.`,
    );
  return null;
};

const setDesiredCapacity: Answer = (world, group, { DesiredCapacity }) => {
  const wrong = outOfRange(group, DesiredCapacity);
  if (wrong !== null) return wrong;
  if (typeof DesiredCapacity === "number") resize(world, group, DesiredCapacity);
  return answered({});
};

const updateGroup: Answer = (world, group, { DesiredCapacity, LaunchTemplate }) => {
  const version = versionIn(group, LaunchTemplate);
  if (version === UNKNOWN) return failed("ValidationError", "You must use a valid fully-formed launch template.");
  const wrong = DesiredCapacity === undefined ? null : outOfRange(group, DesiredCapacity);
  if (wrong !== null) return wrong;
  if (version !== null && version !== group.version) {
    group.previousVersion = group.version;
    group.version = version;
    group.changedAtMs = world.nowMs;
  }
  if (typeof DesiredCapacity === "number") resize(world, group, DesiredCapacity);
  return answered({});
};

const UNKNOWN = "unknown";

/** The members of a structure in an API's input; none where it is something else. */
const membersOf = (value: Json | undefined): Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};

/** The version that a launch template specification names; null where none is given. */
const versionIn = (group: AutoScalingGroup, specification: Json | undefined): string | null => {
  if (specification === undefined) return null;
  const { LaunchTemplateId, Version } = membersOf(specification);
  const isKnown = LaunchTemplateId === group.launchTemplateId && typeof Version === "string";
  return isKnown && group.templates[Version] !== undefined ? Version : UNKNOWN;
};

const startInstanceRefresh: Answer = (world, group, { DesiredConfiguration }) => {
  if (refreshUnderWay(group) !== null)
    return failed("InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution.");
  const version = versionIn(group, membersOf(DesiredConfiguration).LaunchTemplate);
  if (version === UNKNOWN) return failed("ValidationError", "You must use a valid fully-formed launch template.");
  return answered({ InstanceRefreshId: startRefresh(world, group, version).id });
};

const cancelInstanceRefresh: Answer = (world, group) => {
  const refresh = refreshUnderWay(group);
  if (refresh === null)
    return failed("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.");
  cancelRefresh(world, group, refresh);
  return answered({ InstanceRefreshId: refresh.id });
};

const rollbackInstanceRefresh: Answer = (world, group) => {
  const refresh = refreshUnderWay(group);
  if (refresh === null)
    return failed("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.");
  if (refresh.desired === null)
    return failed(
      "IrreversibleInstanceRefresh",
      "The instance refresh has no desired configuration to roll back from.",
    );
  rollBackRefresh(world, group, refresh);
  return answered({ InstanceRefreshId: refresh.id });
};

const service = "autoscaling";
export const autoScalingApis: readonly ApiHandler[] = [
  { service, api: "DescribeAutoScalingGroups", changes: false, answer: describeGroups },
  { service, api: "DescribeInstanceRefreshes", changes: false, answer: ofGroup(describeRefreshes) },
  { service, api: "SetDesiredCapacity", changes: true, answer: ofGroup(setDesiredCapacity) },
  { service, api: "UpdateAutoScalingGroup", changes: true, answer: ofGroup(updateGroup) },
  { service, api: "StartInstanceRefresh", changes: true, answer: ofGroup(startInstanceRefresh) },
  { service, api: "CancelInstanceRefresh", changes: true, answer: ofGroup(cancelInstanceRefresh) },
  { service, api: "RollbackInstanceRefresh", changes: true, answer: ofGroup(rollbackInstanceRefresh) },
];
