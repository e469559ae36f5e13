import { AUTOMATION_APIS } from "../functions/core/automation-apis.ts";

/**
 * What respond reads of the account while it answers an incident: the state of whatever the incident touches, which
 * nobody knows before. None of them gives back what a store holds, or what a function has in its environment.
 */
export const READS_ANYWHERE: readonly string[] = [
  "appconfig:GetDeployment",
  "appconfig:ListDeployments",
  "autoscaling:DescribeAutoScalingGroups",
  "autoscaling:DescribeInstanceRefreshes",
  "cloudfront:GetDistribution",
  "cloudtrail:LookupEvents",
  "cloudwatch:DescribeAlarmContributors",
  "cloudwatch:DescribeAlarmHistory",
  "cloudwatch:DescribeAlarms",
  "cloudwatch:GetMetricData",
  "dynamodb:DescribeTable",
  "ec2:DescribeAvailabilityZones",
  "ecs:DescribeCapacityProviders",
  "ecs:DescribeClusters",
  "ecs:DescribeServiceRevisions",
  "ecs:DescribeServices",
  "ecs:ListServiceDeployments",
  "elasticache:DescribeReplicationGroups",
  "elasticloadbalancing:DescribeLoadBalancerAttributes",
  "elasticloadbalancing:DescribeLoadBalancers",
  "elasticloadbalancing:DescribeTags",
  "elasticloadbalancing:DescribeTargetGroups",
  "elasticloadbalancing:DescribeTargetHealth",
  "lambda:GetAlias",
  "lambda:GetEventSourceMapping",
  "lambda:GetFunctionConcurrency",
  "lambda:ListEventSourceMappings",
  "rds:DescribeDBClusters",
  "rds:DescribeDBInstances",
  "rds:DescribeDBParameters",
  "rds:DescribeDBProxies",
  "rds:DescribeDBProxyTargetGroups",
  "rds:DescribeDBProxyTargets",
  "sqs:GetQueueAttributes",
  "sqs:GetQueueUrl",
  "sqs:ListDeadLetterSourceQueues",
  "sqs:ListMessageMoveTasks",
];

/** What reconcile reads to know which alarms ring and nobody answers. */
export const READS_OF_ALARMS: readonly string[] = [
  "cloudwatch:DescribeAlarmContributors",
  "cloudwatch:DescribeAlarms",
  "cloudwatch:GetAlarmMuteRule",
  "cloudwatch:ListAlarmMuteRules",
];

/** What reconcile reads to charge a decision whose execution is gone with what users felt. */
export const READS_OF_IMPACT: readonly string[] = ["cloudwatch:GetMetricData"];

/** Of what the runbooks' documents call, what only looks; those that AWS lets name a target do (runbook-permissions.ts). */
export const READS_OF_RUNBOOKS: readonly string[] = AUTOMATION_APIS.filter(({ access }) => access === "read").map(
  ({ service, api }) => `${service}:${api}`,
);
