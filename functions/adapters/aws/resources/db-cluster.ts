import { type DBCluster, DescribeDBClustersCommand, RDSClient } from "@aws-sdk/client-rds";
import { callAws } from "../call.ts";
import { besideArn } from "./arn.ts";
import { batches, eachOf, fewWords, known, pagesOf, tagsOf } from "./asking.ts";
import { type ResourceReader, seen } from "./kind.ts";
import { dbCluster } from "./shapes.ts";

const MOST_CLUSTERS = 100; // a page's limit

/** Clusters of Aurora, and of RDS with two readable standbys, with their members. */
export const reader: ResourceReader = {
  attributes: ["status", "engine", "multiAz", "allocatedStorage"],
  optional: ["allocatedStorage"],
  unreadable: {},
  read: async (clientOf, arns) => {
    const rds = clientOf(RDSClient);
    const found = await eachOf(batches(arns, MOST_CLUSTERS), async (batch) => {
      const Filters = [{ Name: "db-cluster-id", Values: batch.map((arn) => dbCluster.nameIn(arn) ?? "") }];
      return pagesOf<DBCluster>(async (Marker) => {
        const { DBClusters: rows, Marker: next } = await callAws("rds:DescribeDBClusters", fewWords(batch), () =>
          rds.send(new DescribeDBClustersCommand({ Filters, Marker, MaxRecords: MOST_CLUSTERS })),
        );
        return { rows, next };
      });
    });
    return found.flat().map((cluster) => {
      const { DBClusterArn: arn = "", DBClusterMembers: members = [] } = cluster;
      return seen({
        ...{
          arn,
          type: dbCluster.type,
          name: cluster.DBClusterIdentifier ?? "",
          part: "store",
          tags: tagsOf(cluster.TagList),
        },
        zones: Math.max(1, cluster.AvailabilityZones?.length ?? 0),
        uses: members.flatMap(({ DBInstanceIdentifier: id }) =>
          id === undefined ? [] : [besideArn(arn, "rds", `db:${id}`)],
        ),
        attributes: known({
          status: cluster.Status,
          engine: cluster.Engine,
          multiAz: cluster.MultiAZ ?? false,
          allocatedStorage: cluster.AllocatedStorage,
        }),
      });
    });
  },
};
