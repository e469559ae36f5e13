import type { Resource } from "./evidence.ts";
import type { Runbook } from "./runbook.ts";

/** Tags by which teams say what manages a resource; no tool but CloudFormation sets one by itself. */
const MANAGER_TAGS = ["managed-by", "managed_by", "managedby"];
const MANAGERS: Readonly<Record<string, string>> = {
  terraform: "Terraform",
  opentofu: "OpenTofu",
  pulumi: "Pulumi",
  cdk: "the CDK",
  cloudformation: "CloudFormation",
};

/** As CloudFormation names stacks; it sets the tag itself, and nobody else can. */
const STACK_NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

/**
 * What a runbook's effect departs from, in one sentence for people: infrastructure as code that holds the target's
 * configuration, as the target's own tags say. Null where no tag says so, or where the runbook leaves nothing changed.
 */
export const driftOf = (
  runbook: Pick<Runbook, "departsFrom"> | null,
  target: Pick<Resource, "tags"> | null,
): string | null => {
  const what = runbook?.departsFrom;
  const holder = target === null ? null : (stackOf(target.tags) ?? managerOf(target.tags));
  if (what === undefined || holder === null) return null;
  return `It departs from ${holder}: the next deploy may put back ${what}, so change it there too.`;
};

const stackOf = (tags: Resource["tags"]): string | null => {
  const name = tags["aws:cloudformation:stack-name"] ?? "";
  return STACK_NAME.test(name) ? `stack ${name}` : null;
};

const managerOf = (tags: Resource["tags"]): string | null => {
  for (const [key, value] of Object.entries(tags)) {
    const [name, said] = [key.toLowerCase(), value.toLowerCase()];
    if (name === "terraform" && said === "true") return "what Terraform holds";
    const manager = MANAGER_TAGS.includes(name) && Object.hasOwn(MANAGERS, said) ? MANAGERS[said] : undefined;
    if (manager !== undefined) return `what ${manager} holds`;
  }
  return null;
};
