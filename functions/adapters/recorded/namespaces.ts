import type { MetricRef } from "../../core/alarm.ts";

/** Where ARNs are minted. */
export type Place = Readonly<{ account: string; region: string }>;

/** The resource that a metric's dimensions name. `root` is the ARN that one lease over its hierarchy covers. */
export type NamedResource = Readonly<{ arn: string; type: string; name: string; root: string }>;

/** What one CloudWatch namespace says of the resource behind a metric, by the dimensions that AWS documents for it. */
type Namespace = Readonly<{
  namespace: string;
  /** The resource, or null where these dimensions name none (a metric over a whole account, for instance). */
  resource: (dimensions: Readonly<Record<string, string>>, arn: MintArn) => NamedResource | null;
  /** Metrics that count work done, the most telling first: against one of them a return of traffic is judged. */
  traffic: readonly Readonly<{ metricName: string; stat: string }>[];
}>;

type MintArn = (service: string, resource: string) => string;

const alone = (arn: string, type: string, name: string): NamedResource => ({ arn, type, name, root: arn });

const NAMESPACES: readonly Namespace[] = [
  {
    namespace: "AWS/RDS",
    resource: ({ DBInstanceIdentifier, DBClusterIdentifier }, arn) => {
      if (DBInstanceIdentifier !== undefined)
        return alone(arn("rds", `db:${DBInstanceIdentifier}`), "AWS::RDS::DBInstance", DBInstanceIdentifier);
      if (DBClusterIdentifier === undefined) return null;
      return alone(arn("rds", `cluster:${DBClusterIdentifier}`), "AWS::RDS::DBCluster", DBClusterIdentifier);
    },
    traffic: [
      { metricName: "CommitThroughput", stat: "Average" },
      { metricName: "WriteIOPS", stat: "Average" },
      { metricName: "ReadIOPS", stat: "Average" },
    ],
  },
  {
    namespace: "AWS/ECS",
    resource: ({ ClusterName, ServiceName }, arn) =>
      ClusterName === undefined || ServiceName === undefined
        ? null
        : {
            arn: arn("ecs", `service/${ClusterName}/${ServiceName}`),
            type: "AWS::ECS::Service",
            name: ServiceName,
            root: arn("ecs", `cluster/${ClusterName}`),
          },
    traffic: [],
  },
  {
    namespace: "AWS/Lambda",
    // The Resource dimension is FUNCTION:ALIAS where the metric is an alias's.
    resource: ({ FunctionName, Resource }, arn) => {
      if (FunctionName === undefined) return null;
      const root = arn("lambda", `function:${FunctionName}`);
      const alias = Resource?.startsWith(`${FunctionName}:`) ? Resource.slice(FunctionName.length + 1) : null;
      if (alias === null) return { arn: root, type: "AWS::Lambda::Function", name: FunctionName, root };
      return { arn: `${root}:${alias}`, type: "AWS::Lambda::Alias", name: FunctionName, root };
    },
    traffic: [{ metricName: "Invocations", stat: "Sum" }],
  },
  {
    namespace: "AWS/SQS",
    resource: ({ QueueName }, arn) =>
      QueueName === undefined ? null : alone(arn("sqs", QueueName), "AWS::SQS::Queue", QueueName),
    traffic: [{ metricName: "NumberOfMessagesSent", stat: "Sum" }],
  },
  {
    namespace: "AWS/ApplicationELB",
    // LoadBalancer is app/NAME/ID, TargetGroup is targetgroup/NAME/ID.
    resource: ({ LoadBalancer, TargetGroup }, arn) => {
      const path = TargetGroup ?? (LoadBalancer === undefined ? undefined : `loadbalancer/${LoadBalancer}`);
      if (path === undefined) return null;
      const type = `AWS::ElasticLoadBalancingV2::${TargetGroup === undefined ? "LoadBalancer" : "TargetGroup"}`;
      return alone(arn("elasticloadbalancing", path), type, path.split("/").at(-2) ?? path);
    },
    traffic: [{ metricName: "RequestCount", stat: "Sum" }],
  },
  {
    namespace: "AWS/ELB",
    resource: ({ LoadBalancerName }, arn) =>
      LoadBalancerName === undefined
        ? null
        : alone(
            arn("elasticloadbalancing", `loadbalancer/${LoadBalancerName}`),
            "AWS::ElasticLoadBalancing::LoadBalancer",
            LoadBalancerName,
          ),
    traffic: [{ metricName: "RequestCount", stat: "Sum" }],
  },
  {
    namespace: "ContainerInsights",
    // Of what runs in an EKS cluster nothing has an ARN: Namespace, Service and PodName only narrow the cluster down.
    resource: ({ ClusterName }, arn) =>
      ClusterName === undefined ? null : alone(arn("eks", `cluster/${ClusterName}`), "AWS::EKS::Cluster", ClusterName),
    traffic: [],
  },
  {
    namespace: "AWS/EC2",
    resource: ({ InstanceId }, arn) =>
      InstanceId === undefined ? null : alone(arn("ec2", `instance/${InstanceId}`), "AWS::EC2::Instance", InstanceId),
    traffic: [{ metricName: "NetworkIn", stat: "Average" }],
  },
  {
    namespace: "AWS/DynamoDB",
    resource: ({ TableName }, arn) =>
      TableName === undefined ? null : alone(arn("dynamodb", `table/${TableName}`), "AWS::DynamoDB::Table", TableName),
    traffic: [{ metricName: "ConsumedReadCapacityUnits", stat: "Sum" }],
  },
];

/** The resource that a metric's dimensions name, or null where its namespace is not known or they name none. */
export const resourceBehind = (metric: MetricRef, place: Place): NamedResource | null => {
  const mint: MintArn = (service, resource) =>
    `arn:${partitionOf(place.region)}:${service}:${place.region}:${place.account}:${resource}`;
  return NAMESPACES.find((one) => one.namespace === metric.namespace)?.resource(metric.dimensions, mint) ?? null;
};

/** The traffic metrics of a namespace, the most telling first. */
export const trafficOf = (namespace: string): readonly Readonly<{ metricName: string; stat: string }>[] =>
  NAMESPACES.find((one) => one.namespace === namespace)?.traffic ?? [];

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
const PARTITIONS = [
  { prefix: "cn-", partition: "aws-cn" },
  { prefix: "us-gov-", partition: "aws-us-gov" },
];
const partitionOf = (region: string): string =>
  PARTITIONS.find(({ prefix }) => region.startsWith(prefix))?.partition ?? "aws";
