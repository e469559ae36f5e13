import {
  AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  type InstanceRefresh,
} from "@aws-sdk/client-auto-scaling";
import { callAws } from "../call.ts";
import { batches, eachOf, fewWords, known, tagsOf, timeOf } from "./asking.ts";
import { type Aside, type ResourceReader, type Seen, seen } from "./kind.ts";
import { autoScalingGroup } from "./shapes.ts";
import { whatRan } from "./what-ran.ts";

const MOST_GROUPS = 50;
const MOST_REFRESHES = 20;

/**
 * Auto Scaling groups. `ecsCluster` is what a cluster of the graph tells; a group that ECS manages for another one has the
 * word `unknown` there, so that nothing takes its instances for some that serve users themselves.
 */
export const reader: ResourceReader = {
  attributes: [
    ...["autoScalingGroupName", "ecsCluster", "minSize", "maxSize", "desiredCapacity", "inServiceInstances"],
    ...["launchTemplateId", "launchTemplateVersion", "previousLaunchTemplateVersion"],
    ...["deploymentInProgress", "deployedAtMs"],
  ],
  // A group of mixed instances names its template elsewhere, where no document looks for it.
  optional: ["launchTemplateId", "launchTemplateVersion", "previousLaunchTemplateVersion", "deployedAtMs"],
  unreadable: {},
  read: async (clientOf, arns, aside) => {
    const autoScaling = clientOf(AutoScalingClient);
    const names = arns.flatMap((arn) => autoScalingGroup.nameIn(arn) ?? []);
    const found = await eachOf(batches(names, MOST_GROUPS), async (batch) => {
      const { AutoScalingGroups = [] } = await callAws("autoscaling:DescribeAutoScalingGroups", fewWords(batch), () =>
        autoScaling.send(
          new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [...batch], MaxRecords: MOST_GROUPS }),
        ),
      );
      return AutoScalingGroups;
    });
    // The same name under another id is a group that was made anew: not the one that was meant.
    const meant = found.flat().filter(({ AutoScalingGroupARN: arn }) => arn !== undefined && arns.includes(arn));
    return eachOf(meant, (group) => seenGroup(autoScaling, group, aside));
  },
};

const seenGroup = async (autoScaling: AutoScalingClient, group: AutoScalingGroup, aside: Aside): Promise<Seen> => {
  const { AutoScalingGroupName: name = "", AutoScalingGroupARN: arn = "", LaunchTemplate: template } = group;
  const { InstanceRefreshes: refreshes = [] } = await callAws("autoscaling:DescribeInstanceRefreshes", name, () =>
    autoScaling.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: name, MaxRecords: MOST_REFRESHES })),
  );
  const tags = tagsOf(group.Tags);
  const ran = whatRefreshed(refreshes, template?.Version, aside, arn);
  return seen({
    ...{ arn, type: autoScalingGroup.type, name, tags },
    part: MANAGED_BY_ECS in tags ? "room" : "code",
    zones: Math.max(1, group.AvailabilityZones?.length ?? 0),
    usedBy: group.TargetGroupARNs ?? [],
    attributes: known({
      autoScalingGroupName: name,
      ecsCluster: MANAGED_BY_ECS in tags ? "unknown" : null,
      minSize: group.MinSize,
      maxSize: group.MaxSize,
      desiredCapacity: group.DesiredCapacity,
      inServiceInstances: (group.Instances ?? []).filter(({ LifecycleState: state }) => state === "InService").length,
      launchTemplateId: template?.LaunchTemplateId,
      launchTemplateVersion: template?.Version,
      previousLaunchTemplateVersion: template?.Version === undefined ? undefined : ran.before,
      deploymentInProgress: refreshes.some(({ Status }) => UNDER_WAY.has(Status ?? "")),
      deployedAtMs: ran.sinceMs ?? timeOf(group.CreatedTime),
    }),
  });
};

/** ECS tags the groups of its capacity providers so. */
const MANAGED_BY_ECS = "AmazonECSManaged";
const UNDER_WAY = new Set<string>(["Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"]);

/** A refresh with a desired configuration brings a version when it succeeds; one without brings none. */
const whatRefreshed = (
  refreshes: readonly InstanceRefresh[],
  running: string | undefined,
  { recorded }: Aside,
  arn: string,
): Readonly<{ sinceMs: number | null; before: string | null }> => {
  const brought = refreshes
    .flatMap(({ Status, EndTime, DesiredConfiguration }) => {
      const to = DesiredConfiguration?.LaunchTemplate?.Version;
      const atMs = timeOf(EndTime);
      return Status === "Successful" && to !== undefined && atMs !== undefined ? [{ to, atMs }] : [];
    })
    .toSorted((one, other) => other.atMs - one.atMs);
  if (running === undefined) return { sinceMs: brought[0]?.atMs ?? null, before: null };
  const before = brought.find(({ to }) => to !== running) ?? null;
  const since = brought.findLast(({ to, atMs }) => to === running && atMs > (before?.atMs ?? 0)) ?? null;
  const told = whatRan(recorded(arn), running);
  return { sinceMs: since?.atMs ?? told.sinceMs, before: before?.to ?? told.before };
};
