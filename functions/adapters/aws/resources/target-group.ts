import {
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type LoadBalancer,
  type TargetGroup,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { callAws } from "../call.ts";
import { arnOf } from "./arn.ts";
import { batches, eachOf, fewWords, ifReadable, known, orAbsent, tagsOf } from "./asking.ts";
import { type Aside, type ResourceReader, type Seen, seen } from "./kind.ts";
import { targetGroup } from "./shapes.ts";
import { hindranceOf } from "./zonal-shift.ts";

const MOST_AT_ONCE = 20; // that each Describe call of Elastic Load Balancing takes

/** Target groups with the load balancer before them, its zones, and whether one of these is shifted away. */
export const reader: ResourceReader = {
  attributes: ["targetGroupName", "loadBalancer", "loadBalancerArn", "awayFrom"],
  optional: ["loadBalancer", "loadBalancerArn"],
  unreadable: {},
  read: async (clientOf, arns, aside) => {
    const client = clientOf(ElasticLoadBalancingV2Client);
    const groups = await groupsNamed(client, arns);
    const behind = await behindEach(client, groups);
    const balancers = new Map(behind.flatMap(({ balancer, groups: own }) => own.map((arn) => [arn, balancer])));
    const shiftable = new Set((await eachOf(behind, (one) => shiftableOf(client, one, aside))).flat());
    const tags = await tagsNamed(client, groups.map(arnOfGroup));
    return eachOf(groups, async (group) => {
      const arn = arnOfGroup(group);
      const before = { balancer: balancers.get(arn) ?? null, isShiftable: shiftable.has(arn) };
      return seenGroup(client, group, before, tags.get(arn) ?? {}, aside);
    });
  },
};

const arnOfGroup = ({ TargetGroupArn = "" }: TargetGroup): string => TargetGroupArn;
/** The first of those that it stands behind; "" where it stands alone. */
const balancerOf = ({ LoadBalancerArns: [first = ""] = [] }: TargetGroup): string => first;

/** One that is gone fails a whole call: then each is asked for by itself. */
const groupsNamed = async (
  client: ElasticLoadBalancingV2Client,
  arns: readonly string[],
): Promise<readonly TargetGroup[]> => {
  const ask = async (some: readonly string[]): Promise<readonly TargetGroup[] | null> =>
    orAbsent(["TargetGroupNotFoundException", "TargetGroupNotFound"], async () => {
      const { TargetGroups = [] } = await callAws("elasticloadbalancing:DescribeTargetGroups", fewWords(some), () =>
        client.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [...some] })),
      );
      return TargetGroups;
    });
  const found = await eachOf(batches(arns, MOST_AT_ONCE), async (batch) => {
    const together = await ask(batch);
    if (together !== null || batch.length === 1) return together ?? [];
    return (await eachOf(batch, async (arn) => (await ask([arn])) ?? [])).flat();
  });
  return found.flat();
};

/** Load balancers by their ARN. */
export const balancersNamed = async (
  client: ElasticLoadBalancingV2Client,
  arns: readonly string[],
): Promise<ReadonlyMap<string, LoadBalancer>> => {
  const found = await eachOf(batches(arns, MOST_AT_ONCE), async (batch) => {
    const { LoadBalancers = [] } = await callAws("elasticloadbalancing:DescribeLoadBalancers", fewWords(batch), () =>
      client.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [...batch] })),
    );
    return LoadBalancers;
  });
  return new Map(found.flat().map((one) => [one.LoadBalancerArn ?? "", one]));
};

/** Tags by ARN; none where they cannot be read. */
export const tagsNamed = async (
  client: ElasticLoadBalancingV2Client,
  arns: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> => {
  const found = await ifReadable(() =>
    eachOf(batches(arns, MOST_AT_ONCE), async (batch) => {
      const { TagDescriptions = [] } = await callAws("elasticloadbalancing:DescribeTags", fewWords(batch), () =>
        client.send(new DescribeTagsCommand({ ResourceArns: [...batch] })),
      );
      return TagDescriptions;
    }),
  );
  return new Map((found ?? []).flat().map(({ ResourceArn = "", Tags }) => [ResourceArn, tagsOf(Tags)]));
};

/** A load balancer, and the target groups of those asked for that stand behind it. */
type Behind = Readonly<{ balancer: LoadBalancer; groups: readonly string[] }>;

const behindEach = async (
  client: ElasticLoadBalancingV2Client,
  groups: readonly TargetGroup[],
): Promise<readonly Behind[]> => {
  const byBalancer = Map.groupBy(groups, balancerOf);
  const balancers = await balancersNamed(
    client,
    [...byBalancer.keys()].filter((arn) => arn !== ""),
  );
  return [...balancers].map(([arn, balancer]) => ({ balancer, groups: (byBalancer.get(arn) ?? []).map(arnOfGroup) }));
};

/** The load balancers that stand before these target groups. */
export const balancersBefore = async (
  client: ElasticLoadBalancingV2Client,
  groups: readonly string[],
): Promise<readonly Behind[]> => behindEach(client, await groupsNamed(client, groups));

/** The groups whose requests could be shifted away from a zone: none where that cannot be read. */
const shiftableOf = async (
  client: ElasticLoadBalancingV2Client,
  { balancer, groups }: Behind,
  { areNamedTogether, say }: Aside,
): Promise<readonly string[]> => {
  const named = groups.filter((group) => areNamedTogether(group, balancer.LoadBalancerArn ?? ""));
  try {
    return (await hindranceOf(client, balancer, named.length > 0)) === null ? named : [];
  } catch (error) {
    say(`no zonal shift is proposed: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
};

const seenGroup = async (
  client: ElasticLoadBalancingV2Client,
  group: TargetGroup,
  { balancer, isShiftable }: Readonly<{ balancer: LoadBalancer | null; isShiftable: boolean }>,
  tags: Readonly<Record<string, string>>,
  aside: Aside,
): Promise<Seen> => {
  const arn = arnOfGroup(group);
  const zones = zonesOf(balancer);
  const away = await shiftedAway(client, arn);
  const zoneIds = isShiftable || away !== null ? await aside.zoneIds() : {};
  return seen({
    ...{ arn, type: targetGroup.type, name: group.TargetGroupName ?? "", part: "door", tags },
    // What is shifted is the load balancer, with every group behind it.
    root: balancer?.LoadBalancerArn ?? arn,
    zones: Math.max(1, zones.length),
    answersAs: balancer?.DNSName === undefined ? [] : [balancer.DNSName],
    attributes: known({
      targetGroupName: group.TargetGroupName,
      loadBalancer: balancer?.LoadBalancerArn === undefined ? undefined : dimensionOf(balancer.LoadBalancerArn),
      loadBalancerArn: balancer?.LoadBalancerArn,
      awayFrom: away === null ? null : (zoneIds[away] ?? away),
      // A zone's name is the account's own. Its id is what a shift wants: where it is null, none can be proposed.
      ...Object.fromEntries(zones.map((zone) => [zone, isShiftable ? (zoneIds[zone] ?? null) : null])),
    }),
  });
};

/** Names of the zones in which a load balancer stands, sorted. */
export const zonesOf = (balancer: LoadBalancer | null): readonly string[] =>
  (balancer?.AvailabilityZones ?? []).flatMap(({ ZoneName }) => ZoneName ?? []).toSorted();

/** `app/NAME/ID`, the LoadBalancer dimension. */
export const dimensionOf = (arn: string): string => arnOf(arn).rest.slice("loadbalancer/".length);

const SHIFTED = "zonal_shift_active";

/** The zone whose targets a zonal shift keeps requests from; null where none is active. */
const shiftedAway = async (client: ElasticLoadBalancingV2Client, arn: string): Promise<string | null> => {
  const { TargetHealthDescriptions = [] } = await callAws("elasticloadbalancing:DescribeTargetHealth", arn, () =>
    client.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn })),
  );
  const shifted = TargetHealthDescriptions.find(
    ({ AdministrativeOverride }) => AdministrativeOverride?.State === SHIFTED,
  );
  return shifted === undefined ? null : (shifted.Target?.AvailabilityZone ?? "unknown");
};
