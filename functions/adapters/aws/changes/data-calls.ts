import { partitionOf } from "../resources/arn.ts";
import {
  type ApiCall,
  type ApiCalls,
  arnAt,
  type Effect,
  memberOf,
  membersOf,
  settingsIn,
  textIn,
  titled,
} from "./api-call.ts";
import { appConfigId } from "./appconfig-deployment.ts";

/** A change of settings of what one member of the request names. */
const configures =
  (member: string, arn: (call: ApiCall, name: string) => string, settings: readonly string[] = []) =>
  (call: ApiCall): Effect | null => {
    const name = textIn(call.request, member);
    if (name === null) return null;
    const target = name.startsWith("arn:") ? name : arn(call, name);
    return { kind: "config", target, title: titled(call.name, settingsIn(call.request, settings)) };
  };

const named =
  (service: string, prefix: string) =>
  (call: ApiCall, name: string): string =>
    arnAt(call, service, `${prefix}${name}`);

const instance = configures("dBInstanceIdentifier", named("rds", "db:"), [
  ...["dBInstanceClass", "allocatedStorage", "engineVersion", "multiAZ", "dBParameterGroupName", "applyImmediately"],
]);

export const rdsCalls: ApiCalls = {
  eventSource: "rds.amazonaws.com",
  source: "aws.rds",
  names: {
    ModifyDBInstance: instance,
    RebootDBInstance: instance,
    ModifyDBCluster: configures("dBClusterIdentifier", named("rds", "cluster:"), ["engineVersion"]),
    FailoverDBCluster: configures("dBClusterIdentifier", named("rds", "cluster:")),
  },
};

export const dynamoDbCalls: ApiCalls = {
  eventSource: "dynamodb.amazonaws.com",
  source: "aws.dynamodb",
  names: { UpdateTable: configures("tableName", named("dynamodb", "table/"), ["billingMode"]) },
};

const group = configures("replicationGroupId", named("elasticache", "replicationgroup:"), [
  ...["newReplicaCount", "cacheNodeType", "engineVersion", "cacheParameterGroupName"],
]);

export const elastiCacheCalls: ApiCalls = {
  eventSource: "elasticache.amazonaws.com",
  source: "aws.elasticache",
  names: { ModifyReplicationGroup: group, IncreaseReplicaCount: group, DecreaseReplicaCount: group },
};

export const sqsCalls: ApiCalls = {
  eventSource: "sqs.amazonaws.com",
  source: "aws.sqs",
  names: {
    SetQueueAttributes: configures("queueUrl", (call, url) => arnAt(call, "sqs", url.slice(url.lastIndexOf("/") + 1))),
  },
};

const targetGroup = configures("targetGroupArn", named("elasticloadbalancing", "targetgroup/"));

export const loadBalancingCalls: ApiCalls = {
  eventSource: "elasticloadbalancing.amazonaws.com",
  source: "aws.elasticloadbalancing",
  names: { ModifyTargetGroup: targetGroup, ModifyTargetGroupAttributes: targetGroup },
};

/** A stage gets another deployment, or other settings. Some calls wrap what they ask for once more. */
const stage =
  (kind: Effect["kind"]) =>
  (call: ApiCall): Effect | null => {
    const api = textIn(call.request, "restApiId");
    const input = membersOf(memberOf(call.request, "createDeploymentInput"));
    const name = textIn(call.request, "stageName") ?? textIn(input, "stageName");
    if (api === null || name === null) return null;
    const target = `arn:${partitionOf(call.region)}:apigateway:${call.region}::/restapis/${api}/stages/${name}`;
    return { kind, target, to: kind === "deployment" ? textIn(call.response, "id") : null, title: call.name };
  };

export const apiGatewayCalls: ApiCalls = {
  eventSource: "apigateway.amazonaws.com",
  source: "aws.apigateway",
  names: { CreateDeployment: stage("deployment"), UpdateStage: stage("config") },
};

/** A version of a configuration begins to be given to its targets, or is taken back from them. */
const configuration = (call: ApiCall): Effect | null => {
  const [application, environment] = [textIn(call.request, "applicationId"), textIn(call.request, "environmentId")];
  if (application === null || environment === null) return null;
  const number = textIn(call.response, "deploymentNumber") ?? textIn(call.request, "deploymentNumber");
  const isStart = call.name === "StartDeployment";
  const id = number === null ? null : appConfigId(application, environment, number);
  return {
    kind: "config",
    target: arnAt(call, "appconfig", `application/${application}/environment/${environment}`),
    to: isStart ? textIn(call.request, "configurationVersion") : null,
    title: titled(call.name, number === null ? "" : `deployment ${number}`),
    ...(id === null ? {} : { id: isStart ? id : `${id}/rollback` }),
  };
};

export const appConfigCalls: ApiCalls = {
  eventSource: "appconfig.amazonaws.com",
  source: "aws.appconfig",
  names: { StartDeployment: configuration, StopDeployment: configuration },
};
