import {
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
  type LoadBalancer,
  type TargetGroup,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { callAws } from "../call.ts";
import { arnOf, restAfter } from "./arn.ts";
import { batches, eachOf, fewWords, ifReadable, known, orAbsent, tagsOf } from "./asking.ts";
import { type Aside, type ResourceKind, type Seen, seen } from "./kind.ts";

const TYPE = "AWS::ElasticLoadBalancingV2::TargetGroup";
const MOST_AT_ONCE = 20; // that each Describe call of Elastic Load Balancing takes

/** Target groups with the load balancer before them, its zones, and whether one of these is shifted away. */
export const targetGroup: ResourceKind = {
  type: TYPE,
  owns: (arn) => restAfter(arn, "elasticloadbalancing", "targetgroup/") !== null,
  attributes: ["targetGroupName", "loadBalancer", "loadBalancerArn", "awayFrom"],
  optional: ["loadBalancer", "loadBalancerArn"],
  unreadable: {},
  read: async ({ loadBalancing: client }, arns, aside) => {
    const groups = await groupsNamed(client, arns);
    const balancers = await balancersNamed(client, [...new Set(groups.flatMap(balancersOf))]);
    const tags = await tagsNamed(
      client,
      groups.map(({ TargetGroupArn }) => TargetGroupArn ?? ""),
    );
    return eachOf(groups, async (group) => {
      const [first = ""] = balancersOf(group);
      const arn = group.TargetGroupArn ?? "";
      return seenGroup(client, group, balancers.get(first) ?? null, tags.get(arn) ?? {}, aside);
    });
  },
};

const balancersOf = ({ LoadBalancerArns = [] }: TargetGroup): readonly string[] => LoadBalancerArns;

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

const seenGroup = async (
  client: ElasticLoadBalancingV2Client,
  group: TargetGroup,
  balancer: LoadBalancer | null,
  tags: Readonly<Record<string, string>>,
  { zoneIds }: Aside,
): Promise<Seen> => {
  const arn = group.TargetGroupArn ?? "";
  const zones = zonesOf(balancer);
  const away = await shiftedAway(client, arn);
  return seen({
    ...{ arn, type: TYPE, name: group.TargetGroupName ?? "", part: "door", tags },
    zones: Math.max(1, zones.length),
    answersAs: balancer?.DNSName === undefined ? [] : [balancer.DNSName],
    attributes: known({
      targetGroupName: group.TargetGroupName,
      loadBalancer: balancer?.LoadBalancerArn === undefined ? undefined : dimensionOf(balancer.LoadBalancerArn),
      loadBalancerArn: balancer?.LoadBalancerArn,
      awayFrom: away === null ? null : (zoneIds[away] ?? away),
      // A zone's name is the account's own. Its id is what a shift wants: where it is not known, none can be proposed.
      ...Object.fromEntries(zones.map((zone) => [zone, zoneIds[zone] ?? null])),
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
