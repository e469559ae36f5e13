import { between } from "../random.ts";
import { type ResourceState, record, schedule, streamOf, type World } from "../state.ts";

/** What instances launched from one version of the launch template do; a good one errs in 5 of 100,000 requests. */
export type InstanceTemplate = Readonly<{
  version: string;
  errorRate: number;
  latencyFactor: number;
  capacityFactor: number;
  message: string | null;
}>;

/** Instances in service that were launched alike, of which `sick` run and pass every check but fail what they are asked. */
export type Fleet = { readonly generation: number; readonly version: string; count: number; sick: number };

/** An instance refresh: the instances older than its generation are replaced in batches. */
export type InstanceRefresh = {
  readonly id: string;
  readonly generation: number;
  readonly startedAtMs: number;
  /** The version that it brings, and the one that the group goes back to on a rollback; null without a desired configuration. */
  readonly desired: Readonly<{ to: string; from: string }> | null;
  endedAtMs: number | null;
  status: "InProgress" | "Successful" | "Cancelled" | "RollbackInProgress" | "RollbackSuccessful";
};

/** EC2 instances, each launched from a numbered version of the group's launch template. */
export type AutoScalingGroup = ResourceState & {
  readonly kind: "auto-scaling-group";
  /** ARN of the target group that sends it requests; null where none does. */
  readonly targetGroup: string | null;
  /** ARN of the ECS cluster whose container instances these are; null where they serve themselves. */
  readonly ecsCluster: string | null;
  readonly launchTemplateId: string;
  readonly requestsPerInstanceSecond: number;
  readonly latencyMs: number;
  readonly minSize: number;
  readonly maxSize: number;
  desiredCapacity: number;
  /** The version of the launch template that new instances get, and the one before it. */
  version: string;
  previousVersion: string | null;
  changedAtMs: number;
  templates: Record<string, InstanceTemplate>;
  /** The newest first. */
  fleets: Fleet[];
  /** Instances that were launched and do not serve yet, by the number of their launch, the oldest first. */
  warming: number[];
  launched: number;
  refreshes: InstanceRefresh[];
};

export const isAutoScalingGroup = (resource: ResourceState): resource is AutoScalingGroup =>
  resource.kind === "auto-scaling-group";

/** Instances in service, sick ones included: the group does not know. */
export const inService = ({ fleets }: AutoScalingGroup): number => fleets.reduce((sum, { count }) => sum + count, 0);

/** The refresh that replaces instances now, or null. */
export const refreshUnderWay = ({ refreshes }: AutoScalingGroup): InstanceRefresh | null => {
  const last = refreshes.at(-1);
  return last !== undefined && last.endedAtMs === null ? last : null;
};

const WARM_UP_MS = [70_000, 130_000] as const; // boot, user data, health check grace
const MIN_HEALTHY = 0.9; // EC2 Auto Scaling's default minimum healthy percentage of an instance refresh

/** Changes how many instances there should be: fewer stop at once, more have to warm up. */
export const resize = (world: World, group: AutoScalingGroup, desiredCapacity: number): void => {
  group.desiredCapacity = desiredCapacity;
  let surplus = inService(group) + group.warming.length - desiredCapacity;
  surplus -= group.warming.splice(Math.max(0, group.warming.length - Math.max(0, surplus))).length;
  for (const fleet of [...group.fleets].reverse()) surplus -= terminate(fleet, surplus);
  launchMissing(world, group);
  goOn(world, group);
};

/** Starts to replace every instance; `desired` names another version of the launch template, null keeps the group's. */
export const startRefresh = (world: World, group: AutoScalingGroup, desired: string | null): InstanceRefresh => {
  const number = group.refreshes.length + 1;
  const refresh: InstanceRefresh = {
    id: `08b91cf7-8fa6-48af-b6a6-${String(number).padStart(12, "0")}`,
    generation: number,
    startedAtMs: world.nowMs,
    desired: desired === null ? null : { to: desired, from: group.version },
    endedAtMs: null,
    status: "InProgress",
  };
  group.refreshes.push(refresh);
  record(world, "instance-refresh-started", { arn: group.arn, version: desired ?? group.version });
  replaceBatch(world, group);
  return refresh;
};

/** Stops a refresh; what it replaced stays. */
export const cancelRefresh = (world: World, group: AutoScalingGroup, refresh: InstanceRefresh): void => {
  refresh.status = "Cancelled";
  refresh.endedAtMs = world.nowMs;
  launchMissing(world, group);
};

/** Stops a refresh with a desired configuration, and replaces what it replaced. */
export const rollBackRefresh = (world: World, group: AutoScalingGroup, refresh: InstanceRefresh): void => {
  refresh.status = "RollbackInProgress";
  replaceBatch(world, group);
};

/** Handles the group's agenda items: an instance, by its launch, has warmed up, or a health check found the sick ones. */
export const happenToGroup = (world: World, group: AutoScalingGroup, what: string, subject: string): void => {
  if (what === "sick-found") {
    for (const fleet of group.fleets) {
      fleet.count -= fleet.sick;
      fleet.sick = 0;
    }
    launchMissing(world, group);
  }
  if (what !== "instance-ready") return;
  // Its launch may have been cancelled since.
  const index = group.warming.indexOf(Number(subject));
  if (index < 0) return;
  group.warming.splice(index, 1);
  fleetOf(group).count += 1;
  goOn(world, group);
};

/** A refresh takes its next batch as soon as it waits for no instance of the last one. */
const goOn = (world: World, group: AutoScalingGroup): void => {
  if (group.warming.length === 0 && refreshUnderWay(group) !== null) replaceBatch(world, group);
};

/** Takes the next instances out of service, the oldest and of these the sick first, and launches as many anew. */
const replaceBatch = (world: World, group: AutoScalingGroup): void => {
  const refresh = refreshUnderWay(group);
  if (refresh === null) return;
  const current = fleetOf(group);
  group.fleets = group.fleets.filter((fleet) => fleet === current || fleet.count > 0);
  const isBack = refresh.status === "RollbackInProgress";
  const old = group.fleets.filter((fleet) => (isBack ? fleet.generation === refresh.generation : fleet !== current));
  if (old.length === 0) {
    finish(world, group, refresh);
    return;
  }
  let left = Math.max(1, Math.floor(group.desiredCapacity * (1 - MIN_HEALTHY)));
  for (const fleet of [...old].reverse()) left -= terminate(fleet, left);
  launchMissing(world, group);
};

const finish = (world: World, group: AutoScalingGroup, refresh: InstanceRefresh): void => {
  refresh.endedAtMs = world.nowMs;
  const isBack = refresh.status === "RollbackInProgress";
  refresh.status = isBack ? "RollbackSuccessful" : "Successful";
  if (!isBack && refresh.desired !== null && refresh.desired.to !== group.version) {
    group.previousVersion = group.version;
    group.version = refresh.desired.to;
    group.changedAtMs = world.nowMs;
  }
  record(world, "instance-refresh-ended", { arn: group.arn, status: refresh.status });
};

/** The instances that are launched now: those of the refresh under way, of its rollback, or of the group as it is. */
const fleetOf = (group: AutoScalingGroup): Fleet => {
  const refresh = refreshUnderWay(group);
  const isBack = refresh?.status === "RollbackInProgress";
  const version = refresh === null || refresh.desired === null || isBack ? group.version : refresh.desired.to;
  // What a rollback launches is newer than what it replaces; what it need not replace is older than the refresh.
  const newest = group.fleets[0]?.generation ?? 0;
  const generation = refresh === null ? newest : refresh.generation + (isBack ? 0.5 : 0);
  const found = group.fleets.find((fleet) => fleet.generation === generation && fleet.version === version);
  if (found !== undefined) return found;
  const made: Fleet = { generation, version, count: 0, sick: 0 };
  group.fleets = [made, ...group.fleets];
  return made;
};

const terminate = (fleet: Fleet, most: number): number => {
  const ended = Math.min(Math.max(most, 0), fleet.count);
  fleet.count -= ended;
  fleet.sick = Math.max(0, fleet.sick - ended);
  return ended;
};

const launchMissing = (world: World, group: AutoScalingGroup): void => {
  for (let count = inService(group) + group.warming.length; count < group.desiredCapacity; count += 1) {
    group.launched += 1;
    group.warming.push(group.launched);
    const warmUpMs = Math.round(between(streamOf(world, group.arn, "warm-up"), group.launched, ...WARM_UP_MS));
    const what = { kind: "resource", arn: group.arn, what: "instance-ready", subject: String(group.launched) } as const;
    schedule(world, world.nowMs + warmUpMs, what);
  }
};
