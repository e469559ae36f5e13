import { DescribeTargetGroupsCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { callAws } from "../call.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceReader, seen } from "./kind.ts";
import { loadBalancer } from "./shapes.ts";
import { balancersNamed, dimensionOf, tagsNamed, zonesOf } from "./target-group.ts";

/** A load balancer with the target groups that its listeners name. */
export const reader: ResourceReader = {
  attributes: ["loadBalancer", "loadBalancerArn"],
  optional: [],
  unreadable: {},
  read: async (clientOf, arns) => {
    const client = clientOf(ElasticLoadBalancingV2Client);
    const tags = await tagsNamed(client, arns);
    const found = await eachOf(arns, (LoadBalancerArn) =>
      orAbsent(["LoadBalancerNotFoundException", "LoadBalancerNotFound"], async () => {
        const balancer = (await balancersNamed(client, [LoadBalancerArn])).get(LoadBalancerArn);
        if (balancer === undefined) return null;
        const { TargetGroups = [] } = await callAws("elasticloadbalancing:DescribeTargetGroups", LoadBalancerArn, () =>
          client.send(new DescribeTargetGroupsCommand({ LoadBalancerArn })),
        );
        const zones = zonesOf(balancer);
        return seen({
          ...{ arn: LoadBalancerArn, type: loadBalancer.type, name: balancer.LoadBalancerName ?? "", part: "door" },
          zones: Math.max(1, zones.length),
          tags: tags.get(LoadBalancerArn) ?? {},
          uses: TargetGroups.flatMap(({ TargetGroupArn }) => TargetGroupArn ?? []),
          answersAs: balancer.DNSName === undefined ? [] : [balancer.DNSName],
          attributes: known({ loadBalancer: dimensionOf(LoadBalancerArn), loadBalancerArn: LoadBalancerArn }),
        });
      }),
    );
    return found.filter((one) => one !== null);
  },
};
