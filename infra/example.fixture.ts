import type { ConfigurationInput } from "../functions/core/configuration.ts";

export const ACCOUNT = "111122223333";
export const REGION = "eu-west-1";

const here = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

/** One target of every type that a runbook is for. */
export const TARGETS = {
  "AWS::ApiGateway::Stage": `arn:aws:apigateway:${REGION}::/restapis/a1b2c3d4e5/stages/live`,
  "AWS::AppConfig::Environment": here("appconfig", "application/abc1234/environment/def5678"),
  "AWS::AutoScaling::AutoScalingGroup": here(
    "autoscaling",
    "autoScalingGroup:8ee3a7d5-0f2d-4d0f-9d56-6a0a4c3d9b11:autoScalingGroupName/shop",
  ),
  "AWS::CloudFront::Distribution": `arn:aws:cloudfront::${ACCOUNT}:distribution/E1EXAMPLE00000`,
  "AWS::DynamoDB::Table": here("dynamodb", "table/carts"),
  "AWS::ECS::Service": here("ecs", "service/shop/checkout"),
  "AWS::ElastiCache::ReplicationGroup": here("elasticache", "replicationgroup:sessions"),
  "AWS::ElasticLoadBalancingV2::LoadBalancer": here("elasticloadbalancing", "loadbalancer/app/shop/50dc6c495c0c9188"),
  "AWS::ElasticLoadBalancingV2::TargetGroup": here("elasticloadbalancing", "targetgroup/checkout/0f5a6e3d2c1b4a59"),
  "AWS::Lambda::Alias": here("lambda", "function:orders:live"),
  "AWS::RDS::DBInstance": here("rds", "db:stock"),
  "AWS::RDS::DBProxy": here("rds", "db-proxy:prx-0123456789abcdef0"),
  "AWS::SQS::Queue": here("sqs", "orders-dead"),
} as const;

const sli = (name: string, role: "errors" | "traffic") => ({
  name,
  role,
  metric: {
    namespace: "AWS/ApplicationELB",
    metricName: name,
    dimensions: { LoadBalancer: "app/shop/50dc6c495c0c9188" },
  },
  bad: role === "errors" ? ("above" as const) : ("below" as const),
  limit: 5,
});

/** A configuration in which everything is used that there is. */
export const EXAMPLE: ConfigurationInput = {
  alarmNamePrefix: "shop-",
  approvers: [{ group: "on-call", people: [{ slackUser: "U012AB3CD", person: "Ada" }] }],
  slack: {
    teamId: "T012AB3CD",
    channelId: "C012AB3CD",
    botTokenSecret: "quell/slack-bot-token",
    signingSecret: "quell/slack-signing-secret",
  },
  pager: { kind: "pagerduty", routingKeySecret: "quell/pagerduty", emails: ["on-call@example.com"] },
  github: { tokenSecret: "quell/github", reports: { owner: "shop", name: "incidents" } },
  anthropicKeySecret: "quell/anthropic",
  settings: {
    account: ACCOUNT,
    region: REGION,
    mode: "approve",
    drafter: { name: "anthropic" },
    services: [
      {
        name: "shop",
        resources: Object.values(TARGETS),
        slis: [sli("HTTPCode_Target_5XX_Count", "errors"), sli("RequestCount", "traffic")],
        logGroups: ["/shop/checkout"],
      },
    ],
  },
};

const PLACE = {
  subnetIds: ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
  securityGroupIds: ["sg-0a1b2c3d"],
};

/** The same in a VPC of the owner's, draft behind a security group of its own, and all behind a proxy. */
export const IN_VPC: ConfigurationInput = {
  ...EXAMPLE,
  network: {
    ...PLACE,
    draft: { ...PLACE, securityGroupIds: ["sg-0d0d0d0d0d0d0d0d0"] },
    proxy: "http://proxy.example.com:3128",
  },
};

export const KEY = here("kms", "key/0f5a6e3d-2c1b-4a59-8d7e-9f8a7b6c5d4e");

/** The same with every secret but one in Parameter Store; two are under a key of the owner's, one in each store. */
export const IN_PARAMETERS: ConfigurationInput = {
  ...EXAMPLE,
  slack: {
    teamId: "T012AB3CD",
    channelId: "C012AB3CD",
    botTokenSecret: { parameter: "/quell/slack-bot-token" },
    signingSecret: { parameter: "/quell/slack-signing-secret", key: KEY },
  },
  pager: { kind: "pagerduty", routingKeySecret: { parameter: "quell-pagerduty" }, region: "eu" },
  github: { tokenSecret: { secret: "quell/github", key: KEY }, reports: { owner: "shop", name: "incidents" } },
  anthropicKeySecret: { parameter: "/quell/anthropic" },
};

const { slack: _, ...rest } = EXAMPLE;

/** A configuration that has, wherever there is a choice, the other one: it observes every alarm, and asks nobody. */
export const OTHERWISE: ConfigurationInput = {
  ...rest,
  alarmNamePrefix: "",
  approvers: [],
  drill: false,
  architecture: "x86_64",
  pager: { kind: "sns" },
  reservedConcurrency: { intake: 5 },
  settings: { ...EXAMPLE.settings, mode: "observe", drafter: { name: "bedrock" } },
};
