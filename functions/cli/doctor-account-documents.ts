import { parse } from "yaml";
import { catalogue } from "../../runbooks/catalogue.ts";
import type { AutomationDocument } from "../core/automation-document.ts";
import { hashOf } from "../core/ids.ts";
import type { Catalogue } from "../core/runbook.ts";
import { awsFault } from "./account-errors.ts";
import type { Account, Look } from "./doctor-account-setup.ts";
import { type Finding, few, ok, problem } from "./doctor-finding.ts";

/** Whether every document of the catalogue is deployed as it stands here. */
export const deployedDocumentsFinding: Look = (account) => documentsDeployed(account, catalogue);

/** The same for any catalogue: each document is read from Systems Manager and hashed anew. */
export const documentsDeployed = async (
  { clients }: Pick<Account, "clients">,
  { runbooks }: Catalogue,
): Promise<Finding> => {
  const documents = runbooks.flatMap(({ documents: own }) =>
    own === null ? [] : [own.automation, ...(own.undo === null ? [] : [own.undo])],
  );
  const faults: string[] = [];
  // One after the other: Systems Manager throttles an account, and the agent reads from the same.
  for (const document of documents) {
    const fault = await faultOf(clients, document);
    if (fault !== null) faults.push(`${document.name} ${fault}`);
  }
  return faults.length === 0
    ? ok(`${documents.length} documents are deployed as they stand here`)
    : problem(
        `${faults.length} of ${documents.length}: ${few(faults)}`,
        "deploy the runbooks again with `npx cdk deploy --all`: until then their plans are refused at the start",
      );
};

const faultOf = async (clients: Account["clients"], { name, hash }: AutomationDocument): Promise<string | null> => {
  const { GetDocumentCommand } = await import("@aws-sdk/client-ssm");
  try {
    const { Content = "", Status } = await (await clients.ssm()).send(new GetDocumentCommand({ Name: name }));
    if (Status !== undefined && Status !== "Active") return `is ${Status}`;
    // JSON is YAML: either form reads.
    return hashOf(parse(Content)) === hash ? null : "holds something else";
  } catch (error) {
    if (awsFault(error).kind === "absent") return "is not there";
    throw error;
  }
};
