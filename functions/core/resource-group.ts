/** Kinds of resources that an on-call engineer tells apart, by CloudFormation's type names. A new type is a word here. */
const TABLE = [
  { group: "containers", types: ["AWS::ECS::Service"] },
  { group: "instances", types: ["AWS::AutoScaling::AutoScalingGroup"] },
  { group: "functions", types: ["AWS::Lambda::Alias", "AWS::Lambda::Function"] },
  {
    group: "balancers",
    types: ["AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::ElasticLoadBalancingV2::LoadBalancer"],
  },
  { group: "apis", types: ["AWS::ApiGateway::Stage"] },
  { group: "distributions", types: ["AWS::CloudFront::Distribution"] },
  { group: "tables", types: ["AWS::DynamoDB::Table"] },
  { group: "caches", types: ["AWS::ElastiCache::ReplicationGroup"] },
  { group: "databases", types: ["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"] },
  { group: "proxies", types: ["AWS::RDS::DBProxy"] },
  { group: "queues", types: ["AWS::SQS::Queue"] },
  { group: "configurations", types: ["AWS::AppConfig::Environment"] },
  { group: "providers", types: ["AWS::Events::ApiDestination"] },
] as const;

export type ResourceGroup = (typeof TABLE)[number]["group"];

export const RESOURCE_GROUPS: readonly ResourceGroup[] = TABLE.map(({ group }) => group);

const BY_TYPE: ReadonlyMap<string, ResourceGroup> = new Map(
  TABLE.flatMap(({ group, types }) => types.map((type) => [type, group] as const)),
);

/** The group of a type, or null where it is not listed. */
export const groupOf = (type: string): ResourceGroup | null => BY_TYPE.get(type) ?? null;
