import { automationDocument } from "../functions/core/automation-document.ts";
import type { Catalogue, Runbook } from "../functions/core/runbook.ts";
import { catalogue } from "./catalogue.ts";

/** The shipped catalogue, but for one thing: whoever changed the document of `ecs-rollback` last also leaves one task. */
export const spoiltRollback = (known: Catalogue = catalogue): Catalogue => ({
  ...known,
  runbooks: known.runbooks.map((runbook) => (runbook.id === "ecs-rollback" ? leavingOneTask(runbook) : runbook)),
});

const leavingOneTask = (runbook: Runbook): Runbook => {
  if (runbook.documents === null) return runbook;
  const { name, content } = runbook.documents.automation;
  const mainSteps = content.mainSteps.map((step) =>
    step.action === "aws:executeAwsApi" && step.inputs.Api === "UpdateService"
      ? { ...step, inputs: { ...step.inputs, desiredCount: 1 } }
      : step,
  );
  return {
    ...runbook,
    documents: { ...runbook.documents, automation: automationDocument(name, { ...content, mainSteps }) },
  };
};
