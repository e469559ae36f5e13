import { z } from "zod";

/** Who called, as CloudTrail knows it. Keys and session tokens are not read. */
const identity = z.object({
  type: z.string().catch(""),
  arn: z.string().optional().catch(undefined),
  accountId: z.string().optional().catch(undefined),
  userName: z.string().optional().catch(undefined),
  invokedBy: z.string().optional().catch(undefined),
});

/** `isAws`: a service acted by itself, not for a person or a pipeline. */
export type Principal = Readonly<{ author: string; isAws: boolean }>;

/** Roles of runbooks are named so in their documents: what they change is Quell's doing. */
const RUNBOOK_ROLE = "quell-runbook-";
/** Roles that only AWS may take on. */
const SERVICE_ROLE = "AWSServiceRoleFor";

/** The name of whoever called, without secrets. @param account Quell's own: another account's role of that name is a stranger's */
export const principalOf = (raw: unknown, account: string): Principal => {
  const { type, arn = "", accountId, userName, invokedBy } = identity.catch({ type: "" }).parse(raw);
  const [, , , arnAccount = "", ...rest] = arn.split(":").slice(1);
  const [kind, role = "", session = ""] = rest.join(":").split("/");
  const home = accountId ?? arnAccount;
  if (type === "AssumedRole" && kind === "assumed-role") {
    if (role.startsWith(RUNBOOK_ROLE) && home === account) return { author: "quell", isAws: false };
    return { author: `${role}/${session}`, isAws: role.startsWith(SERVICE_ROLE) };
  }
  if (type === "AWSService") return { author: invokedBy ?? "aws", isAws: true };
  if (type === "Root") return { author: "root", isAws: false };
  return { author: userName ?? (rest.join(":") || invokedBy || home), isAws: false };
};
