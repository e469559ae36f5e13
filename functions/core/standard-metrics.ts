import type { MetricRef } from "./alarm.ts";
import type { Resource } from "./evidence.ts";

/**
 * The metrics that AWS publishes for a resource without anybody's doing, by CloudFormation type: what Quell reads of
 * every resource in an incident's graph. A new resource type is a line here.
 */
type Standard = Readonly<{
  type: string;
  namespace: string;
  dimensions: (resource: Resource) => Readonly<Record<string, string>>;
  metrics: readonly (readonly [metricName: string, stat: string])[];
}>;

const afterSlash = (arn: string, part: number): string => arn.split("/")[part] ?? "";
const afterColon = (arn: string, part: number): string => arn.split(":")[part] ?? "";

const STANDARD: readonly Standard[] = [
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
    ],
  },
  {
    type: "AWS::RDS::DBInstance",
    namespace: "AWS/RDS",
    dimensions: ({ arn }) => ({ DBInstanceIdentifier: afterColon(arn, 6) }),
    metrics: [
      ["DatabaseConnections", "Average"],
      ["CPUUtilization", "Average"],
      ["CommitThroughput", "Average"],
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
  STANDARD.filter((standard) => standard.type === resource.type).flatMap((standard) =>
    standard.metrics.map(([metricName, stat]) => ({
      namespace: standard.namespace,
      metricName,
      dimensions: standard.dimensions(resource),
      stat,
      periodSeconds: 60,
    })),
  );
