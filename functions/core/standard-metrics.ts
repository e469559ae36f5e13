import type { MetricRef } from "./alarm.ts";
import type { Resource } from "./evidence.ts";

/**
 * The metrics that AWS publishes for a resource without anybody's doing, by CloudFormation type: what Quell reads of
 * every resource in an incident's graph. A new resource type is a line here.
 */
type Standard = Readonly<{
  type: string;
  /** Which of that type have them; all where it is left out. */
  of?: (resource: Resource) => boolean;
  namespace: string;
  dimensions: (resource: Resource) => Readonly<Record<string, string>>;
  metrics: readonly (readonly [metricName: string, stat: string])[];
}>;

const afterSlash = (arn: string, part: number): string => arn.split("/")[part] ?? "";
const afterColon = (arn: string, part: number): string => arn.split(":")[part] ?? "";

const targetGroup = ({ arn, attributes }: Resource): Readonly<Record<string, string>> => ({
  LoadBalancer: String(attributes.loadBalancer ?? ""),
  TargetGroup: afterColon(arn, 5),
});

/** Names of the zones that a resource lists among its attributes, each beside its id. */
const zonesOf = ({ attributes }: Resource): readonly string[] =>
  Object.keys(attributes).filter((name) => /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/.test(name));

/** As many zones has the largest Region, us-east-1. */
const MOST_ZONES = 6;
/** Asked for whether they are there or not: the count of what is read is part of what a model sees. */
const USUAL_ZONES = 3;

const STANDARD: readonly Standard[] = [
  {
    type: "AWS::ApiGateway::Stage",
    namespace: "AWS/ApiGateway",
    dimensions: ({ arn, name }) => ({ ApiName: name, Stage: afterSlash(arn, 4) }),
    metrics: [
      ["Count", "Sum"],
      ["5XXError", "Sum"],
      ["4XXError", "Sum"],
      ["Latency", "Average"],
      ["CacheHitCount", "Sum"],
    ],
  },
  {
    type: "AWS::AutoScaling::AutoScalingGroup",
    namespace: "AWS/EC2",
    dimensions: ({ name }) => ({ AutoScalingGroupName: name }),
    metrics: [["CPUUtilization", "Average"]],
  },
  {
    type: "AWS::CloudFront::Distribution",
    namespace: "AWS/CloudFront",
    dimensions: ({ arn }) => ({ DistributionId: afterSlash(arn, 1), Region: "Global" }),
    metrics: [
      ["Requests", "Sum"],
      ["5xxErrorRate", "Average"],
      ["CacheHitRate", "Average"],
      ["OriginLatency", "Average"],
    ],
  },
  {
    type: "AWS::DynamoDB::Table",
    namespace: "AWS/DynamoDB",
    dimensions: ({ arn }) => ({ TableName: afterSlash(arn, 1) }),
    metrics: [
      ["ConsumedReadCapacityUnits", "Sum"],
      ["ConsumedWriteCapacityUnits", "Sum"],
      ["ReadThrottleEvents", "Sum"],
      ["WriteThrottleEvents", "Sum"],
    ],
  },
  {
    type: "AWS::ElastiCache::ReplicationGroup",
    namespace: "AWS/ElastiCache",
    // ElastiCache measures nodes; of a group without cluster mode the first one stands for all.
    dimensions: ({ arn }) => ({ CacheClusterId: `${afterColon(arn, 6)}-001` }),
    metrics: [
      ["CacheHits", "Sum"],
      ["CacheMisses", "Sum"],
      ["EngineCPUUtilization", "Average"],
      ["Evictions", "Sum"],
      ["DatabaseMemoryUsagePercentage", "Average"],
    ],
  },
  {
    type: "AWS::RDS::DBProxy",
    namespace: "AWS/RDS",
    dimensions: ({ name }) => ({ ProxyName: name }),
    metrics: [
      ["DatabaseConnections", "Average"],
      ["ClientConnections", "Average"],
      ["ClientConnectionsReceived", "Sum"],
      ["QueryDatabaseResponseLatency", "Average"],
      ["DatabaseConnectionsBorrowLatency", "Average"],
    ],
  },
  {
    type: "AWS::ECS::Service",
    namespace: "AWS/ECS",
    dimensions: ({ arn }) => ({ ClusterName: afterSlash(arn, 1), ServiceName: afterSlash(arn, 2) }),
    metrics: [
      ["CPUUtilization", "Average"],
      ["MemoryUtilization", "Average"],
    ],
  },
  {
    type: "AWS::ElasticLoadBalancingV2::TargetGroup",
    namespace: "AWS/ApplicationELB",
    dimensions: targetGroup,
    metrics: [
      ["RequestCount", "Sum"],
      ["HTTPCode_Target_5XX_Count", "Sum"],
      ["TargetResponseTime", "Average"],
      ["HealthyHostCount", "Minimum"],
    ],
  },
  ...Array.from({ length: MOST_ZONES }, (_, index) => index).map(
    (index): Standard => ({
      type: "AWS::ElasticLoadBalancingV2::TargetGroup",
      of: (resource) => index < USUAL_ZONES || index < zonesOf(resource).length,
      namespace: "AWS/ApplicationELB",
      dimensions: (resource) => ({ ...targetGroup(resource), AvailabilityZone: zonesOf(resource)[index] ?? "" }),
      metrics: [["HTTPCode_Target_5XX_Count", "Sum"]],
    }),
  ),
  {
    type: "AWS::Lambda::Alias",
    namespace: "AWS/Lambda",
    dimensions: ({ arn }) => ({
      FunctionName: afterColon(arn, 6),
      Resource: `${afterColon(arn, 6)}:${afterColon(arn, 7)}`,
    }),
    metrics: [
      ["Invocations", "Sum"],
      ["Errors", "Sum"],
      ["Duration", "Average"],
      ["Throttles", "Sum"],
      ["ConcurrentExecutions", "Maximum"],
    ],
  },
  {
    // Of the whole account: what its functions without a reservation share.
    type: "AWS::Lambda::Alias",
    namespace: "AWS/Lambda",
    dimensions: () => ({}),
    metrics: [["UnreservedConcurrentExecutions", "Maximum"]],
  },
  {
    type: "AWS::RDS::DBInstance",
    namespace: "AWS/RDS",
    dimensions: ({ arn }) => ({ DBInstanceIdentifier: afterColon(arn, 6) }),
    metrics: [
      ["DatabaseConnections", "Average"],
      ["CPUUtilization", "Average"],
      ["WriteIOPS", "Average"],
      ["ReadLatency", "Average"],
      ["WriteLatency", "Average"],
      ["ReplicaLag", "Maximum"],
      ["FreeStorageSpace", "Minimum"],
    ],
  },
  {
    type: "AWS::SQS::Queue",
    namespace: "AWS/SQS",
    dimensions: ({ arn }) => ({ QueueName: afterColon(arn, 5) }),
    metrics: [
      ["ApproximateAgeOfOldestMessage", "Maximum"],
      ["ApproximateNumberOfMessagesVisible", "Maximum"],
      ["NumberOfMessagesSent", "Sum"],
    ],
  },
];

/** The standard metrics of a resource at one-minute periods; none for a type that is not listed. */
export const standardMetrics = (resource: Resource): readonly MetricRef[] =>
  STANDARD.filter(({ type, of }) => type === resource.type && of?.(resource) !== false).flatMap(
    ({ namespace, metrics, ...standard }) => {
      const dimensions = standard.dimensions(resource);
      return metrics.map(([metricName, stat]) => ({ namespace, metricName, dimensions, stat, periodSeconds: 60 }));
    },
  );
