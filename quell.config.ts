import type { ConfigurationInput } from "./functions/core/configuration.ts";

/**
 * What Quell needs to know of your account. It is read when you deploy: change it, then `npx cdk deploy --all`.
 * Every field, its default and its unit: functions/core/configuration.ts and functions/core/settings.ts.
 *
 * As it stands it observes: it says what it would do about each alarm, and changes nothing. It needs no secret for that.
 */
export const config: ConfigurationInput = {
  /** Alarms whose names begin so are answered; the others never reach Quell. */
  alarmNamePrefix: "shop-",

  /** Who is paged, by a path that has nothing to do with Slack or a language model. Confirm the mail that AWS sends. */
  pager: { kind: "sns", emails: ["on-call@example.com"] },

  settings: {
    /** One deployment serves one account and Region. */
    account: "123456789012",
    region: "eu-west-1",

    /**
     * "observe": decides and tells. "approve": asks people in Slack before anything is done (add `slack` and `approvers`).
     * "auto": what has earned it is done without asking; all else is asked. A service may have its own `mode`.
     */
    mode: "observe",

    services: [
      {
        name: "checkout",
        owners: ["team-checkout"],
        /** 1 (money is lost every minute) to 4 (nobody notices before Monday). */
        severity: 1,
        /**
         * What belongs to it. A runbook may change nothing but what stands here: these ARNs are the `Resource` of its role.
         */
        resources: [
          "arn:aws:ecs:eu-west-1:123456789012:service/shop/checkout",
          "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/checkout/0f5a6e3d2c1b4a59",
          "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188",
        ],
        dependsOn: ["orders", "stock"],
        /** How one knows that users are hurt, or no longer are: two at least. `bad` says which side of `limit` hurts. */
        slis: [
          {
            name: "failed requests",
            role: "errors",
            metric: {
              namespace: "AWS/ApplicationELB",
              metricName: "HTTPCode_Target_5XX_Count",
              dimensions: {
                LoadBalancer: "app/shop/50dc6c495c0c9188",
                TargetGroup: "targetgroup/checkout/0f5a6e3d2c1b4a59",
              },
              stat: "Sum",
            },
            per: {
              namespace: "AWS/ApplicationELB",
              metricName: "RequestCount",
              dimensions: {
                LoadBalancer: "app/shop/50dc6c495c0c9188",
                TargetGroup: "targetgroup/checkout/0f5a6e3d2c1b4a59",
              },
              stat: "Sum",
            },
            bad: "above",
            limit: 0.01,
          },
          {
            name: "requests",
            role: "traffic",
            metric: {
              namespace: "AWS/ApplicationELB",
              metricName: "RequestCount",
              dimensions: {
                LoadBalancer: "app/shop/50dc6c495c0c9188",
                TargetGroup: "targetgroup/checkout/0f5a6e3d2c1b4a59",
              },
              stat: "Sum",
            },
            bad: "below",
            limit: 100,
          },
        ],
        /** Read while an incident is answered, redacted before anybody else sees them. */
        logGroups: ["/shop/checkout"],
      },
      {
        name: "orders",
        owners: ["team-orders"],
        severity: 2,
        resources: [
          "arn:aws:lambda:eu-west-1:123456789012:function:orders:live",
          "arn:aws:sqs:eu-west-1:123456789012:orders",
          "arn:aws:sqs:eu-west-1:123456789012:orders-dead",
        ],
        dependsOn: ["stock"],
        slis: [
          {
            name: "failed invocations",
            role: "errors",
            metric: {
              namespace: "AWS/Lambda",
              metricName: "Errors",
              dimensions: { FunctionName: "orders", Resource: "orders:live" },
              stat: "Sum",
            },
            bad: "above",
            limit: 5,
          },
          {
            name: "oldest order",
            role: "latency",
            metric: {
              namespace: "AWS/SQS",
              metricName: "ApproximateAgeOfOldestMessage",
              dimensions: { QueueName: "orders" },
              stat: "Maximum",
            },
            bad: "above",
            limit: 300,
          },
        ],
        logGroups: ["/aws/lambda/orders"],
      },
      {
        name: "stock",
        owners: ["team-stock"],
        severity: 2,
        resources: [
          "arn:aws:rds:eu-west-1:123456789012:db:stock",
          "arn:aws:dynamodb:eu-west-1:123456789012:table/reservations",
        ],
        slis: [
          {
            name: "connections",
            role: "saturation",
            metric: {
              namespace: "AWS/RDS",
              metricName: "DatabaseConnections",
              dimensions: { DBInstanceIdentifier: "stock" },
            },
            bad: "above",
            limit: 400,
          },
          {
            name: "read latency",
            role: "latency",
            metric: {
              namespace: "AWS/RDS",
              metricName: "ReadLatency",
              dimensions: { DBInstanceIdentifier: "stock" },
            },
            bad: "above",
            limit: 0.02,
          },
        ],
      },
    ],

    /** Alarms by name, where the metric's dimensions do not say whose they are. */
    alarms: { "shop-checkout-synthetic": "checkout" },
  },
};
