import {
  type Cluster,
  DescribeCapacityProvidersCommand,
  DescribeClustersCommand,
  ECSClient,
} from "@aws-sdk/client-ecs";
import { callAws } from "../call.ts";
import { batches, eachOf, fewWords, known, tagsOf } from "./asking.ts";
import { type ResourceReader, seen } from "./kind.ts";
import { ecsCluster } from "./shapes.ts";

const MOST_CLUSTERS = 100; // that DescribeClusters takes at once
const MOST_PROVIDERS = 20; // that a cluster has at most
/** Capacity of AWS's own, which has no instances of the account's. */
const SERVERLESS = ["FARGATE", "FARGATE_SPOT"];

/** Clusters, with the Auto Scaling group behind their capacity providers. */
export const reader: ResourceReader = {
  attributes: ["clusterName", "autoScalingGroup"],
  optional: ["autoScalingGroup"],
  unreadable: {
    tasksPerInstance: "how many tasks an instance takes follows from sizes that no control plane compares",
  },
  read: async (clientOf, arns) => {
    const ecs = clientOf(ECSClient);
    const found = await eachOf(batches(arns, MOST_CLUSTERS), async (batch) => {
      const { clusters = [] } = await callAws("ecs:DescribeClusters", fewWords(batch), () =>
        ecs.send(new DescribeClustersCommand({ clusters: [...batch], include: ["TAGS"] })),
      );
      return clusters.filter(({ status }) => status !== "INACTIVE");
    });
    return eachOf(found.flat(), async (cluster) => {
      const groups = await groupsOf(ecs, cluster);
      const [group, ...others] = groups;
      return seen({
        ...{ arn: cluster.clusterArn ?? "", type: ecsCluster.type, name: cluster.clusterName ?? "", part: "room" },
        tags: tagsOf(cluster.tags),
        uses: groups,
        tells: Object.fromEntries(groups.map((arn) => [arn, { ecsCluster: cluster.clusterArn ?? "" }])),
        attributes: known({
          clusterName: cluster.clusterName,
          // Of several groups none is the cluster's.
          autoScalingGroup: group === undefined || others.length > 0 ? undefined : group.split("/").at(-1),
        }),
      });
    });
  },
};

const groupsOf = async (
  ecs: ECSClient,
  { clusterArn, capacityProviders = [] }: Cluster,
): Promise<readonly string[]> => {
  const named = capacityProviders.filter((name) => !SERVERLESS.includes(name)).slice(0, MOST_PROVIDERS);
  if (named.length === 0) return [];
  const { capacityProviders: providers = [] } = await callAws("ecs:DescribeCapacityProviders", clusterArn ?? "", () =>
    ecs.send(new DescribeCapacityProvidersCommand({ capacityProviders: named })),
  );
  return providers.flatMap(({ autoScalingGroupProvider }) => autoScalingGroupProvider?.autoScalingGroupArn ?? []);
};
