import { arnOf, restAfter } from "./arn.ts";

/** How ARNs of one type of resource are built: what such an ARN names, null where an ARN is none of them. */
export type Shape<T = string> = Readonly<{
  /** CloudFormation's type name. */
  type: string;
  nameIn: (arn: string) => T | null;
}>;

const after = (type: string, service: string, prefix: string, name = /^.+$/s): Shape => ({
  type,
  nameIn: (arn) => name.exec(restAfter(arn, service, prefix) ?? "")?.[0] ?? null,
});

export const apiDestination = after("AWS::Events::ApiDestination", "events", "api-destination/");
export const dbCluster = after("AWS::RDS::DBCluster", "rds", "cluster:");
export const dbInstance = after("AWS::RDS::DBInstance", "rds", "db:");
export const dbProxy = after("AWS::RDS::DBProxy", "rds", "db-proxy:");
export const distribution = after("AWS::CloudFront::Distribution", "cloudfront", "distribution/");
export const ecsCluster = after("AWS::ECS::Cluster", "ecs", "cluster/");
export const eventSourceMapping = after("AWS::Lambda::EventSourceMapping", "lambda", "event-source-mapping:");
export const lambdaFunction = after("AWS::Lambda::Function", "lambda", "function:", /^[A-Za-z0-9_-]+$/);
export const loadBalancer = after(
  "AWS::ElasticLoadBalancingV2::LoadBalancer",
  "elasticloadbalancing",
  "loadbalancer/",
  /^(app|net)\/.*$/s,
);
export const replicationGroup = after("AWS::ElastiCache::ReplicationGroup", "elasticache", "replicationgroup:");
export const table = after("AWS::DynamoDB::Table", "dynamodb", "table/", /^[A-Za-z0-9_.-]+$/);
export const targetGroup = after("AWS::ElasticLoadBalancingV2::TargetGroup", "elasticloadbalancing", "targetgroup/");

/** `/restapis/ID/stages/NAME`: API Gateway's ARNs have no account. */
export const apiStage: Shape<Readonly<{ restApiId: string; stageName: string }>> = {
  type: "AWS::ApiGateway::Stage",
  nameIn: (arn) => {
    const [restApiId, stages, stageName] = restAfter(arn, "apigateway", "/restapis/")?.split("/") ?? [];
    return restApiId === undefined || stages !== "stages" || stageName === undefined ? null : { restApiId, stageName };
  },
};

/** `application/ID/environment/ID`. */
export const appConfigEnvironment: Shape<Readonly<{ ApplicationId: string; EnvironmentId: string }>> = {
  type: "AWS::AppConfig::Environment",
  nameIn: (arn) => {
    const [ApplicationId, word, EnvironmentId] = restAfter(arn, "appconfig", "application/")?.split("/") ?? [];
    return ApplicationId === undefined || word !== "environment" || EnvironmentId === undefined
      ? null
      : { ApplicationId, EnvironmentId };
  },
};

/** `autoScalingGroup:ID:autoScalingGroupName/NAME`. */
export const autoScalingGroup: Shape = {
  type: "AWS::AutoScaling::AutoScalingGroup",
  nameIn: (arn) => {
    const rest = restAfter(arn, "autoscaling", "autoScalingGroup:");
    const at = rest?.indexOf("autoScalingGroupName/") ?? -1;
    return rest === null || at < 0 ? null : rest.slice(at + "autoScalingGroupName/".length);
  },
};

/** `service/CLUSTER/NAME`; the short form of old accounts does not say the cluster, and is not owned. */
export const ecsService: Shape<Readonly<{ cluster: string; name: string }>> = {
  type: "AWS::ECS::Service",
  nameIn: (arn) => {
    const [cluster, name] = restAfter(arn, "ecs", "service/")?.split("/") ?? [];
    return cluster === undefined || name === undefined ? null : { cluster, name };
  },
};

/** `function:NAME:ALIAS`; a version is not an alias, nor is `$LATEST`. */
export const lambdaAlias: Shape<Readonly<{ arn: string; name: string; qualifier: string }>> = {
  type: "AWS::Lambda::Alias",
  nameIn: (arn) => {
    const [name, qualifier, ...more] = restAfter(arn, "lambda", "function:")?.split(":") ?? [];
    const isAlias = qualifier !== undefined && /^(?![0-9]+$)[A-Za-z0-9_-]+$/.test(qualifier) && more.length === 0;
    return name === undefined || !isAlias ? null : { arn, name, qualifier };
  },
};

/** A queue's ARN ends in its name, without a word for what it is. */
export const queue: Shape = {
  type: "AWS::SQS::Queue",
  nameIn: (arn) => {
    const { service, rest } = arnOf(arn);
    return service === "sqs" && /^[A-Za-z0-9_-]{1,80}(\.fifo)?$/.test(rest) ? rest : null;
  },
};
