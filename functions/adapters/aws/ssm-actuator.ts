import {
  type AutomationExecution,
  type AutomationExecutionStatus,
  GetAutomationExecutionCommand,
  GetDocumentCommand,
  paginateDescribeAutomationStepExecutions,
  type SSMClient,
  StartAutomationExecutionCommand,
  type StepExecution,
  StopAutomationExecutionCommand,
} from "@aws-sdk/client-ssm";
import { automationContent } from "../../core/automation-document.ts";
import { hashOf } from "../../core/ids.ts";
import type { Actuator, StartRequest } from "../../core/ports.ts";
import type { Params } from "../../core/runbook.ts";
import type { Run, RunStatus } from "../../core/stages.ts";

/**
 * Runs documents by Systems Manager's Automation. It needs, on the exact documents and on `automation-execution/*`:
 * ssm:GetDocument, ssm:StartAutomationExecution, ssm:AddTagsToResource, ssm:GetAutomationExecution,
 * ssm:DescribeAutomationStepExecutions, ssm:StopAutomationExecution; and iam:PassRole on each runbook's role.
 * A start reads the document first, and starts exactly the version that it has read.
 */
export const ssmActuator = (client: SSMClient, nowMs: () => number = Date.now): Actuator => ({
  start: async (request) => {
    const unsafe = objectionTo(request.parameters);
    if (unsafe !== null) return { kind: "refused", detail: unsafe };
    const read = await versionOf(client, request);
    if (read.kind === "refused") return read;
    const started = await attempt("ssm:StartAutomationExecution", request.documentName, () =>
      client.send(
        new StartAutomationExecutionCommand({
          DocumentName: request.documentName,
          DocumentVersion: read.answer,
          Parameters: onTheWire(request.parameters),
          ClientToken: request.clientToken,
          Mode: "Auto",
          Tags: Object.entries(request.tags).map(([key, value]) => ({ Key: `quell:${key}`, Value: value })),
        }),
      ),
    );
    if (started.kind === "refused") return started;
    const executionId = started.answer.AutomationExecutionId;
    if (executionId === undefined) throw new Error(`${request.documentName} was started without an execution id`);
    return { kind: "started", executionId };
  },

  poll: async (executionId) => {
    const { AutomationExecution: execution } = await answered("ssm:GetAutomationExecution", executionId, () =>
      client.send(new GetAutomationExecutionCommand({ AutomationExecutionId: executionId })),
    );
    if (execution === undefined) throw new Error(`ssm:GetAutomationExecution answered nothing of ${executionId}`);
    const steps =
      execution.StepExecutionsTruncated === true
        ? await answered("ssm:DescribeAutomationStepExecutions", executionId, () => allSteps(client, executionId))
        : (execution.StepExecutions ?? []);
    return runOf(executionId, execution, steps, nowMs());
  },

  stop: async (executionId) => {
    try {
      // Cancel is the default; what AWS means by the other type, Complete, it does not say.
      await client.send(new StopAutomationExecutionCommand({ AutomationExecutionId: executionId, Type: "Cancel" }));
    } catch (error) {
      // It has ended, or is being stopped already: that is what was asked for.
      if (nameOf(error) === "InvalidAutomationStatusUpdateException") return;
      throw told("ssm:StopAutomationExecution", executionId, error);
    }
  },
});

/** Why these parameters may not go to any document; null where they may. Values are text to a document, never a reference. */
const objectionTo = (parameters: Params): string | null => {
  const role = Object.keys(parameters).find((name) => /assumerole/i.test(name));
  if (role !== undefined) return `the parameter ${role} names a role: a document's role is its own`;
  const referring = Object.entries(parameters).find(([, value]) => String(value).includes("{{"));
  return referring === undefined ? null : `the parameter ${referring[0]} holds a reference, {{`;
};

/** Each parameter is a list of texts on the wire, numbers and maps (which are JSON already) too. */
const onTheWire = (parameters: Params): Record<string, string[]> =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [String(value)]]));

type Attempt<T> = Readonly<{ kind: "answered"; answer: T }> | Readonly<{ kind: "refused"; detail: string }>;

/** The version of the document that was approved, or why what stands under its name is not that. */
const versionOf = async (
  client: SSMClient,
  { documentName, documentHash }: StartRequest,
): Promise<Attempt<string | undefined>> => {
  const read = await attempt("ssm:GetDocument", documentName, () =>
    client.send(new GetDocumentCommand({ Name: documentName, DocumentFormat: "JSON" })),
  );
  if (read.kind === "refused") return read;
  const { Content, DocumentVersion } = read.answer;
  const content = automationContent.safeParse(parsedJson(Content ?? ""));
  if (!content.success)
    return { kind: "refused", detail: `${documentName} is no document that Quell can have deployed` };
  const hash = hashOf(content.data);
  return hash === documentHash && DocumentVersion !== undefined
    ? { kind: "answered", answer: DocumentVersion }
    : { kind: "refused", detail: `${documentName} has another content than was approved: ${hash.slice(0, 12)}` };
};

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is no document either; the caller says so.
    return null;
  }
};

/** Answers that say for certain that nothing was started. Throttling, faults of the server and silence say no such thing. */
const DEFINITE: readonly string[] = [
  "AutomationDefinitionNotFoundException",
  "AutomationDefinitionVersionNotFoundException",
  "AutomationExecutionLimitExceededException",
  "IdempotentParameterMismatch",
  "InvalidAutomationExecutionParametersException",
  "InvalidDocument",
  "InvalidDocumentVersion",
  "InvalidTarget",
  "ValidationException",
];
const DENIED: readonly string[] = ["AccessDenied", "AccessDeniedException"];

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "");
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Which permission is missing, as IAM's own message says: a start may also lack iam:PassRole. */
const denial = (action: string, what: string, message: string): string => {
  const [, named = action, resource = what] = /perform: (\S+)(?: on resource: (\S+))?/.exec(message) ?? [];
  return `the role may not call ${named} on ${resource}: allow it and deploy again`;
};

const attempt = async <T>(action: string, what: string, call: () => Promise<T>): Promise<Attempt<T>> => {
  try {
    return { kind: "answered", answer: await call() };
  } catch (error) {
    const name = nameOf(error);
    if (DENIED.includes(name)) return { kind: "refused", detail: denial(action, what, messageOf(error)) };
    if (DEFINITE.includes(name)) return { kind: "refused", detail: `${what}: ${name}: ${messageOf(error)}` };
    throw told(action, what, error);
  }
};

const answered = async <T>(action: string, what: string, call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    throw told(action, what, error);
  }
};

const told = (action: string, what: string, error: unknown): Error => {
  const name = nameOf(error);
  const why = DENIED.includes(name) ? denial(action, what, messageOf(error)) : `${name}: ${messageOf(error)}`;
  return new Error(`${action} on ${what} has no answer: ${why}`, { cause: error });
};

const allSteps = async (client: SSMClient, executionId: string): Promise<readonly StepExecution[]> => {
  const steps: StepExecution[] = [];
  const pages = paginateDescribeAutomationStepExecutions({ client }, { AutomationExecutionId: executionId });
  for await (const { StepExecutions } of pages) steps.push(...(StepExecutions ?? []));
  return steps;
};

/** What each of SSM's statuses means: https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-statuses.html */
const STATUS: Readonly<Record<AutomationExecutionStatus, RunStatus>> = {
  Pending: "running",
  InProgress: "running",
  Waiting: "running",
  Cancelling: "running",
  PendingApproval: "running",
  Approved: "running",
  Scheduled: "running",
  RunbookInProgress: "running",
  PendingChangeCalendarOverride: "running",
  ChangeCalendarOverrideApproved: "running",
  Success: "succeeded",
  CompletedWithSuccess: "succeeded",
  Failed: "failed",
  CompletedWithFailure: "failed",
  Rejected: "failed",
  ChangeCalendarOverrideRejected: "failed",
  TimedOut: "timed-out",
  Cancelled: "stopped",
  Exited: "unknown",
};
const statusOf = (status: AutomationExecutionStatus | undefined): RunStatus =>
  (status === undefined ? undefined : STATUS[status]) ?? "unknown";

const runOf = (
  executionId: string,
  execution: AutomationExecution,
  steps: readonly StepExecution[],
  nowMs: number,
): Run => {
  const status = statusOf(execution.AutomationExecutionStatus);
  const failed = status === "succeeded" ? undefined : failedStep(steps);
  return {
    executionId,
    status,
    failedStep: failed?.StepName ?? null,
    reason: execution.FailureMessage ?? failed?.FailureMessage ?? null,
    outputs: outputsOf(steps),
    startedAtMs: execution.ExecutionStartTime?.getTime() ?? nowMs,
    endedAtMs: status === "running" ? null : (execution.ExecutionEndTime?.getTime() ?? nowMs),
  };
};

/** The step that a run ended at: the first that failed, and one whose failure ends a run before one whose does not. */
const failedStep = (steps: readonly StepExecution[]): StepExecution | undefined => {
  const began = ({ ExecutionStartTime }: StepExecution): number => ExecutionStartTime?.getTime() ?? 0;
  const failed = steps
    .filter(({ StepStatus }) => ["failed", "timed-out", "stopped"].includes(statusOf(StepStatus)))
    .toSorted((one, other) => began(one) - began(other));
  return failed.find(({ IsCritical }) => IsCritical !== false) ?? failed[0];
};

/**
 * What the steps gave, by `Step.Name`. The execution's own outputs are not used: until a step has succeeded, a sentence
 * stands there in the place of its value.
 */
const outputsOf = (steps: readonly StepExecution[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    steps
      .filter(({ StepStatus }) => statusOf(StepStatus) === "succeeded")
      .flatMap(({ StepName, Outputs }) =>
        Object.entries(Outputs ?? {}).map(([name, values]) => [`${StepName}.${name}`, joined(values)]),
      ),
  );

/** One value stands for itself; a list of several is JSON, as a document's own list would be. */
const joined = (values: readonly string[]): string =>
  values.length === 1 ? (values[0] ?? "") : JSON.stringify(values);
