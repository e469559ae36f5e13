/** One API that a runbook may call: `reads` leave everything as it is. */
export type AutomationApi = Readonly<{ service: string; api: string; access: "read" | "write" }>;

/**
 * Every AWS API that a runbook of the catalogue may call. It is closed: a runbook that needs another one adds a line
 * here, where a reviewer sees it, and the roles of the runbooks are made of the same lines.
 */
export const AUTOMATION_APIS: readonly AutomationApi[] = [
  { service: "apigateway", api: "FlushStageCache", access: "write" },
  { service: "apigateway", api: "GetStage", access: "read" },
  { service: "appconfig", api: "GetDeployment", access: "read" },
  { service: "appconfig", api: "ListDeployments", access: "read" },
  { service: "appconfig", api: "StartDeployment", access: "write" },
  { service: "appconfig", api: "StopDeployment", access: "write" },
  { service: "arc-zonal-shift", api: "CancelZonalShift", access: "write" },
  { service: "arc-zonal-shift", api: "GetManagedResource", access: "read" },
  { service: "arc-zonal-shift", api: "StartZonalShift", access: "write" },
  { service: "autoscaling", api: "DescribeAutoScalingGroups", access: "read" },
  { service: "autoscaling", api: "DescribeInstanceRefreshes", access: "read" },
  { service: "autoscaling", api: "SetDesiredCapacity", access: "write" },
  { service: "autoscaling", api: "StartInstanceRefresh", access: "write" },
  { service: "ecs", api: "DescribeClusters", access: "read" },
  { service: "cloudfront", api: "CreateInvalidation", access: "write" },
  { service: "cloudfront", api: "GetDistribution", access: "read" },
  { service: "cloudfront", api: "GetInvalidation", access: "read" },
  { service: "cloudfront", api: "ListInvalidations", access: "read" },
  { service: "dynamodb", api: "DescribeTable", access: "read" },
  { service: "dynamodb", api: "UpdateTable", access: "write" },
  { service: "ecs", api: "DescribeServices", access: "read" },
  { service: "ecs", api: "DescribeTaskDefinition", access: "read" },
  { service: "ecs", api: "UpdateService", access: "write" },
  { service: "elasticache", api: "DecreaseReplicaCount", access: "write" },
  { service: "elasticache", api: "DescribeReplicationGroups", access: "read" },
  { service: "elasticache", api: "IncreaseReplicaCount", access: "write" },
  { service: "lambda", api: "GetAlias", access: "read" },
  { service: "lambda", api: "GetFunctionConfiguration", access: "read" },
  { service: "lambda", api: "GetFunctionConcurrency", access: "read" },
  { service: "lambda", api: "PutFunctionConcurrency", access: "write" },
  { service: "lambda", api: "UpdateAlias", access: "write" },
  { service: "rds", api: "DescribeDBInstances", access: "read" },
  { service: "rds", api: "DescribeDBProxyTargetGroups", access: "read" },
  { service: "rds", api: "ModifyDBInstance", access: "write" },
  { service: "rds", api: "ModifyDBProxyTargetGroup", access: "write" },
  { service: "rds", api: "RebootDBInstance", access: "write" },
  { service: "sqs", api: "GetQueueAttributes", access: "read" },
  { service: "sqs", api: "ListMessageMoveTasks", access: "read" },
  { service: "sqs", api: "StartMessageMoveTask", access: "write" },
];

/** Finds an API by its exact service and name; null means that no runbook may call it. */
export const automationApi = (service: string, api: string): AutomationApi | null =>
  AUTOMATION_APIS.find((known) => known.service === service && known.api === api) ?? null;
