import {
  type DBInstance,
  DescribeDBInstancesCommand,
  DescribeDBParametersCommand,
  type Parameter,
  RDSClient,
} from "@aws-sdk/client-rds";
import { callAws } from "../call.ts";
import { besideArn } from "./arn.ts";
import { batches, eachOf, fewWords, ifReadable, known, pagesOf, tagsOf } from "./asking.ts";
import { type ResourceReader, type Seen, seen } from "./kind.ts";
import { dbInstance } from "./shapes.ts";

const MOST_INSTANCES = 100; // a page's limit

/** Database instances: one that copies another stands under its root, one of a cluster under the cluster's. */
export const reader: ResourceReader = {
  attributes: ["status", "engine", "maxConnections", "isReplica", "multiAz", "allocatedStorage"],
  // A maximum that is a formula of the instance's memory is no number that a control plane tells.
  optional: ["maxConnections"],
  unreadable: {},
  read: async (clientOf, arns) => {
    const rds = clientOf(RDSClient);
    const found = await eachOf(batches(arns, MOST_INSTANCES), async (batch) => {
      const Filters = [{ Name: "db-instance-id", Values: batch.map((arn) => dbInstance.nameIn(arn) ?? "") }];
      return pagesOf<DBInstance>(async (Marker) => {
        const { DBInstances: rows, Marker: next } = await callAws("rds:DescribeDBInstances", fewWords(batch), () =>
          rds.send(new DescribeDBInstancesCommand({ Filters, Marker, MaxRecords: MOST_INSTANCES })),
        );
        return { rows, next };
      });
    });
    return eachOf(found.flat(), (instance) => seenInstance(rds, instance));
  },
};

const seenInstance = async (rds: RDSClient, instance: DBInstance): Promise<Seen> => {
  const { DBInstanceArn: arn = "", DBInstanceIdentifier: name = "", DBClusterIdentifier: cluster } = instance;
  const source = instance.ReadReplicaSourceDBInstanceIdentifier;
  const [group] = instance.DBParameterGroups ?? [];
  const named = group?.DBParameterGroupName;
  const most = named === undefined ? null : await ifReadable(() => maxConnectionsIn(rds, named));
  const primary = source === undefined || source === "" ? null : besideInstance(arn, source);
  return seen({
    ...{ arn, type: dbInstance.type, name, part: "store", tags: tagsOf(instance.TagList) },
    root: primary ?? (cluster === undefined || cluster === "" ? arn : besideArn(arn, "rds", `cluster:${cluster}`)),
    zones: instance.MultiAZ === true ? 2 : 1,
    uses: [
      ...(primary === null ? [] : [primary]),
      ...(instance.ReadReplicaDBInstanceIdentifiers ?? []).map((replica) => besideInstance(arn, replica)),
    ],
    attributes: known({
      status: instance.DBInstanceStatus,
      engine: instance.Engine,
      maxConnections: most ?? undefined,
      isReplica: primary !== null,
      multiAz: instance.MultiAZ ?? false,
      allocatedStorage: instance.AllocatedStorage,
    }),
  });
};

/** An instance of the same Region is named by its identifier, one of another by its ARN. */
const besideInstance = (arn: string, named: string): string =>
  named.startsWith("arn:") ? named : besideArn(arn, "rds", `db:${named}`);

/** What the owners set in the parameter group; null where RDS's own formula holds. */
const maxConnectionsIn = async (rds: RDSClient, DBParameterGroupName: string): Promise<number | null> => {
  const set = await pagesOf<Parameter>(async (Marker) => {
    const { Parameters: rows, Marker: next } = await callAws("rds:DescribeDBParameters", DBParameterGroupName, () =>
      rds.send(new DescribeDBParametersCommand({ DBParameterGroupName, Source: "user", Marker })),
    );
    return { rows, next };
  });
  const value = set.find(({ ParameterName }) => ParameterName === "max_connections")?.ParameterValue ?? "";
  return /^[1-9][0-9]{0,6}$/.test(value) ? Number(value) : null;
};
