import type { Json } from "../../core/json.ts";
import {
  type ApiInput,
  answered,
  count,
  failed,
  gauge,
  type ResourceBehaviour,
  resourcesOfKind,
  resourceType,
  textOf,
  whole,
} from "../resource-type.ts";
import { dependencyCost, eitherFails, largestCause } from "../saturation.ts";
import type { ResourceState, World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import type { RdsInstance } from "./rds-state.ts";

/** A proxy in front of a database: callers connect to it, and it hands a few connections to the database round. */
export type RdsProxy = ResourceState & {
  readonly kind: "rds-proxy";
  readonly database: string;
  /** Of the database's own maximum. */
  readonly databaseMaxConnections: number;
  readonly clientConnections: number;
  maxConnectionsPercent: number;
};

export const isRdsProxy = (resource: ResourceState): resource is RdsProxy => resource.kind === "rds-proxy";

const USUAL_RECONNECTS = 0.1; // share of the clients that connect anew in a minute
const HOP_MS = 1; // what a proxy adds to a query
const BORROW_TIMEOUT_SECONDS = 120; // RDS's default for ConnectionBorrowTimeout
const GROUP = "default"; // a proxy has one target group, and this is its name

/** Connections that a database gives its callers: those of its proxy, or all. */
export const connectionLimit = (world: World, { proxy, maxConnections }: RdsInstance): number => {
  const state = proxy === null ? undefined : world.resources[proxy];
  return state !== undefined && isRdsProxy(state)
    ? (maxConnections * state.maxConnectionsPercent) / 100
    : maxConnections;
};

const proxyNamed = (world: World, input: ApiInput): RdsProxy | null =>
  resourcesOfKind(world, isRdsProxy).find(({ name }) => name === textOf(input, "DBProxyName")) ?? null;

const missing = (input: ApiInput): ApiReply =>
  failed("DBProxyNotFoundFault", `DBProxy ${textOf(input, "DBProxyName") ?? ""} not found.`);

const showProxy = (state: RdsProxy): Json => ({
  DBProxyName: state.name,
  DBProxyArn: state.arn,
  Status: "available",
  EngineFamily: "POSTGRESQL",
});

const showGroup = (state: RdsProxy): Json => ({
  DBProxyName: state.name,
  TargetGroupName: GROUP,
  IsDefault: true,
  Status: "available",
  ConnectionPoolConfig: {
    MaxConnectionsPercent: state.maxConnectionsPercent,
    ConnectionBorrowTimeout: BORROW_TIMEOUT_SECONDS,
  },
});

const describeProxies = (world: World, input: ApiInput): ApiReply => {
  if (input.DBProxyName === undefined)
    return answered({ DBProxies: resourcesOfKind(world, isRdsProxy).map(showProxy) });
  const state = proxyNamed(world, input);
  return state === null ? missing(input) : answered({ DBProxies: [showProxy(state)] });
};

const describeGroups = (world: World, input: ApiInput): ApiReply => {
  const state = proxyNamed(world, input);
  return state === null ? missing(input) : answered({ TargetGroups: [showGroup(state)] });
};

const modifyGroup = (world: World, input: ApiInput): ApiReply => {
  const state = proxyNamed(world, input);
  if (state === null) return missing(input);
  if (textOf(input, "TargetGroupName") !== GROUP)
    return failed(
      "DBProxyTargetGroupNotFoundFault",
      `TargetGroup ${textOf(input, "TargetGroupName") ?? ""} not found.`,
    );
  const { ConnectionPoolConfig: config } = input;
  const isMap = config !== null && typeof config === "object" && !Array.isArray(config);
  const wanted = isMap ? new Map(Object.entries(config)).get("MaxConnectionsPercent") : undefined;
  if (wanted === undefined) return answered({ DBProxyTargetGroup: showGroup(state) });
  if (typeof wanted !== "number" || !Number.isInteger(wanted) || wanted < 1 || wanted > 100)
    return failed("InvalidParameterValue", "MaxConnectionsPercent must be between 1 and 100.");
  state.maxConnectionsPercent = wanted;
  return answered({ DBProxyTargetGroup: showGroup(state) });
};

const behaviour: ResourceBehaviour<RdsProxy> = {
  kind: "rds-proxy",
  isOne: isRdsProxy,
  describe: (state) => ({
    type: "AWS::RDS::DBProxy",
    zones: 3,
    tags: {},
    attributes: {
      status: "available",
      maxConnectionsPercent: state.maxConnectionsPercent,
      connectionBorrowTimeout: BORROW_TIMEOUT_SECONDS,
    },
  }),
  configuration: (state) => ({ maxConnectionsPercent: state.maxConnectionsPercent }),
  serve: (_world, state, { demand, dependencies }) => {
    const cost = dependencyCost(dependencies);
    const database = dependencies[0]?.served;
    const held = database?.gauges.connections ?? 0;
    return {
      demand,
      passed: demand,
      errorRate: eitherFails(cost.errorRate, 0.00001),
      latencyMs: HOP_MS + cost.latencyMs,
      utilisation: held / state.databaseMaxConnections,
      capacity: database?.capacity ?? 0,
      message: largestCause([[cost.errorRate, cost.message]]),
      gauges: {
        held,
        clients: state.clientConnections + (demand * cost.latencyMs) / 1000,
        received: state.clientConnections * (USUAL_RECONNECTS + (database?.gauges.storm ?? 0)),
        answerMs: cost.latencyMs,
        // A client waits for a connection when all that the proxy may open are lent.
        borrowMs: Math.max(0.1, cost.latencyMs - 4) * Math.min(1, held / state.databaseMaxConnections),
      },
    };
  },
  elapse: null,
  samples: (state, { gauges }) => {
    const { held = 0, clients = 0, received = 0, answerMs = 0, borrowMs = 0 } = gauges;
    return [
      {
        namespace: "AWS/RDS",
        dimensions: { ProxyName: state.name },
        levels: {
          DatabaseConnections: whole(held, 0.03),
          ClientConnections: whole(clients, 0.03),
          ClientConnectionsReceived: count(received),
          QueryDatabaseResponseLatency: gauge(answerMs * 1000, 0.05), // microseconds
          DatabaseConnectionsBorrowLatency: gauge(borrowMs * 1000, 0.1), // microseconds
        },
      },
    ];
  },
  happen: null,
  release: null,
  join: null,
  habits: [],
  apis: [
    { service: "rds", api: "DescribeDBProxies", changes: false, answer: describeProxies },
    { service: "rds", api: "DescribeDBProxyTargetGroups", changes: false, answer: describeGroups },
    { service: "rds", api: "ModifyDBProxyTargetGroup", changes: true, answer: modifyGroup },
  ],
};

export const rdsProxy = resourceType(behaviour);
