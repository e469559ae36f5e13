/** Events as AWS's documentation shows them, with this account and Region, and calls as CloudTrail records them. */

export const PLACE = { account: "111122223333", region: "eu-west-1" } as const;
export const TIME = "2026-01-05T10:00:00Z";
export const at = (service: string, rest: string): string =>
  `arn:aws:${service}:${PLACE.region}:${PLACE.account}:${rest}`;

export const event = (
  source: string,
  type: string,
  detail: unknown,
  resources: readonly string[] = [],
): Readonly<Record<string, unknown>> => ({
  ...{ version: "0", id: "ddca6449-b258-46c0-8653-e0e3a6example", "detail-type": type, source },
  ...{ ...PLACE, time: TIME, resources, detail },
});

export const AMARA = {
  ...{ type: "AssumedRole", principalId: "AROAEXAMPLE:amara", accountId: PLACE.account },
  arn: `arn:aws:sts::${PLACE.account}:assumed-role/deployer/amara`,
  accessKeyId: "ASIAEXAMPLE",
};

type Members = Readonly<Record<string, unknown>>;

/** A call through CloudTrail, as EventBridge delivers it. */
export const call = (
  service: string,
  name: string,
  requestParameters: Members | null,
  responseElements: Members | null = null,
  more: Members = {},
): Readonly<Record<string, unknown>> =>
  event(`aws.${service}`, "AWS API Call via CloudTrail", {
    ...{ eventVersion: "1.11", eventID: "9a1b-call", eventTime: "2026-01-05T09:58:00Z", awsRegion: PLACE.region },
    ...{ eventSource: `${service}.amazonaws.com`, eventName: name, recipientAccountId: PLACE.account },
    ...{ userIdentity: AMARA, requestParameters, responseElements, readOnly: false },
    ...more,
  });

export const SERVICE = at("ecs", "service/shop-prod/web");
const definition = (revision: number): string => at("ecs", `task-definition/web:${revision}`);

export const updateService = (more: Members = {}) =>
  call(
    "ecs",
    "UpdateService",
    { cluster: "shop-prod", service: "web", taskDefinition: "web:8" },
    {
      service: {
        ...{ serviceArn: SERVICE, taskDefinition: definition(8) },
        deployments: [
          { id: "ecs-svc/8", status: "PRIMARY", taskDefinition: definition(8) },
          { id: "ecs-svc/7", status: "ACTIVE", taskDefinition: definition(7) },
        ],
      },
    },
    more,
  );

export const ecsStarted = (of: Members = {}) =>
  event(
    "aws.ecs",
    "ECS Deployment State Change",
    {
      ...{ eventType: "INFO", eventName: "SERVICE_DEPLOYMENT_IN_PROGRESS", deploymentId: "ecs-svc/8" },
      ...{ updatedAt: "2026-01-05T09:59:00Z", reason: "ECS deployment ecs-svc/8 in progress." },
      ...of,
    },
    [SERVICE],
  );
