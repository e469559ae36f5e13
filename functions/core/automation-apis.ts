/** One API that a runbook may call: `reads` leave everything as it is. */
export type AutomationApi = Readonly<{ service: string; api: string; access: "read" | "write" }>;

/**
 * Every AWS API that a runbook of the catalogue may call. It is closed: a runbook that needs another one adds a line
 * here, where a reviewer sees it, and the roles of the runbooks are made of the same lines.
 */
export const AUTOMATION_APIS: readonly AutomationApi[] = [
  { service: "ecs", api: "DescribeServices", access: "read" },
  { service: "ecs", api: "DescribeTaskDefinition", access: "read" },
  { service: "ecs", api: "UpdateService", access: "write" },
  { service: "lambda", api: "GetAlias", access: "read" },
  { service: "lambda", api: "GetFunctionConfiguration", access: "read" },
  { service: "lambda", api: "UpdateAlias", access: "write" },
  { service: "rds", api: "DescribeDBInstances", access: "read" },
  { service: "rds", api: "RebootDBInstance", access: "write" },
];

/** Finds an API by its exact service and name; null means that no runbook may call it. */
export const automationApi = (service: string, api: string): AutomationApi | null =>
  AUTOMATION_APIS.find((known) => known.service === service && known.api === api) ?? null;
