import {
  type DBProxy,
  type DBProxyTarget,
  type DBProxyTargetGroup,
  DescribeDBProxiesCommand,
  DescribeDBProxyTargetGroupsCommand,
  DescribeDBProxyTargetsCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { callAws } from "../call.ts";
import { besideArn } from "./arn.ts";
import { eachOf, ifReadable, known, pagesOf } from "./asking.ts";
import { REGIONAL_ZONES, type ResourceReader, type Seen, seen } from "./kind.ts";
import { dbProxy } from "./shapes.ts";

/** Proxies before databases. An ARN does not say a proxy's name, by which all calls ask: the account's are listed. */
export const reader: ResourceReader = {
  attributes: ["status", "maxConnectionsPercent", "connectionBorrowTimeout"],
  optional: [],
  unreadable: {},
  read: async (clientOf, arns) => {
    const rds = clientOf(RDSClient);
    const all = await pagesOf<DBProxy>(async (Marker) => {
      const { DBProxies: rows, Marker: next } = await callAws("rds:DescribeDBProxies", "all proxies", () =>
        rds.send(new DescribeDBProxiesCommand({ Marker })),
      );
      return { rows, next };
    });
    const meant = all.filter(({ DBProxyArn: arn }) => arn !== undefined && arns.includes(arn));
    return eachOf(meant, (proxy) => seenProxy(rds, proxy));
  },
};

const seenProxy = async (rds: RDSClient, proxy: DBProxy): Promise<Seen> => {
  const { DBProxyArn: arn = "", DBProxyName = "" } = proxy;
  const [groups, targets] = await Promise.all([
    callAws("rds:DescribeDBProxyTargetGroups", DBProxyName, async () => {
      const { TargetGroups = [] } = await rds.send(new DescribeDBProxyTargetGroupsCommand({ DBProxyName }));
      return TargetGroups;
    }),
    ifReadable(() =>
      callAws("rds:DescribeDBProxyTargets", DBProxyName, async () => {
        const { Targets = [] } = await rds.send(new DescribeDBProxyTargetsCommand({ DBProxyName }));
        return Targets;
      }),
    ),
  ]);
  const pool = poolOf(groups);
  return seen({
    ...{ arn, type: dbProxy.type, name: DBProxyName, part: "store" },
    zones: Math.min(REGIONAL_ZONES, Math.max(1, proxy.VpcSubnetIds?.length ?? REGIONAL_ZONES)),
    uses: (targets ?? []).flatMap((target) => databaseOf(arn, target) ?? []),
    attributes: known({
      status: proxy.Status,
      maxConnectionsPercent: pool?.MaxConnectionsPercent,
      connectionBorrowTimeout: pool?.ConnectionBorrowTimeout,
    }),
  });
};

const poolOf = (groups: readonly DBProxyTargetGroup[]): DBProxyTargetGroup["ConnectionPoolConfig"] =>
  (groups.find(({ IsDefault }) => IsDefault === true) ?? groups[0])?.ConnectionPoolConfig;

const databaseOf = (arn: string, { Type, RdsResourceId }: DBProxyTarget): string | null => {
  if (RdsResourceId === undefined || RdsResourceId === "") return null;
  return besideArn(arn, "rds", Type === "TRACKED_CLUSTER" ? `cluster:${RdsResourceId}` : `db:${RdsResourceId}`);
};
