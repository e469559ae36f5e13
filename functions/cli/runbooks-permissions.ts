import { automationApi } from "../core/automation-apis.ts";
import type { AutomationDocument } from "../core/automation-document.ts";

/** An IAM action that a document's call needs, for instance `ecs:UpdateService`. */
export type Permission = Readonly<{ action: string; access: "read" | "write" }>;

/**
 * Services that an automation document names as the SDK for Python does, and IAM by another prefix
 * (docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
 */
const IAM_PREFIX: Readonly<Record<string, string>> = {
  docdb: "rds",
  efs: "elasticfilesystem",
  elb: "elasticloadbalancing",
  elbv2: "elasticloadbalancing",
  emr: "elasticmapreduce",
  neptune: "rds",
  opensearch: "es",
  stepfunctions: "states",
};

/** Whether a call changes anything; one that nobody listed counts as a change. */
export const accessOf = (service: string, api: string): Permission["access"] =>
  automationApi(service, api)?.access ?? "write";

/** The IAM actions of a runbook's documents, each once, those that change something first, else by name. */
export const permissionsOf = (documents: readonly AutomationDocument[]): readonly Permission[] => {
  const actions = new Map<string, Permission["access"]>();
  for (const { content } of documents)
    for (const { inputs } of content.mainSteps) {
      if (!("Api" in inputs)) continue;
      const { Service, Api } = inputs;
      actions.set(`${IAM_PREFIX[Service] ?? Service}:${Api}`, accessOf(Service, Api));
    }
  return [...actions]
    .map(([action, access]) => ({ action, access }))
    .toSorted((one, other) =>
      one.access === other.access ? (one.action < other.action ? -1 : 1) : one.access === "write" ? -1 : 1,
    );
};
