import {
  CallbackTimeoutException,
  DurableExecutionAlreadyStartedException,
  type ExecutionStatus,
  GetDurableExecutionCommand,
  InvokeCommand,
  type LambdaClient,
  paginateListDurableExecutionsByFunction,
  ResourceNotFoundException,
  SendDurableExecutionCallbackSuccessCommand,
} from "@aws-sdk/client-lambda";
import type { Executions } from "../../core/ports.ts";
import { callAws } from "./call.ts";

/**
 * Durable executions of respond, each named by its incident: a name and a payload that Lambda has seen start nothing
 * again. Throws AwsCallFailed where Lambda throttles or does not answer: whatever was delivered comes again.
 * @param respondAliasArn of the alias; an execution stays on the version that the alias named when it began
 */
export const lambdaExecutions = (client: LambdaClient, respondAliasArn: string): Executions => ({
  start: (incidentId) =>
    callAws("lambda:InvokeFunction", `${respondAliasArn} for ${incidentId}`, async () => {
      try {
        await client.send(
          new InvokeCommand({
            ...{ FunctionName: respondAliasArn, InvocationType: "Event", DurableExecutionName: incidentId },
            Payload: JSON.stringify({ incidentId }),
          }),
        );
      } catch (error) {
        // Started by an earlier delivery: by then, perhaps, with other words around the same incident.
        if (!(error instanceof DurableExecutionAlreadyStartedException)) throw error;
      }
    }),
  ring: (callbackId) =>
    callAws("lambda:SendDurableExecutionCallbackSuccess", `the bell ${callbackId}`, async () => {
      try {
        await client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: callbackId, Result: "{}" }));
      } catch (error) {
        // Rung already, over, or of an execution that Lambda has forgotten: nobody waits at it any more.
        if (error instanceof CallbackTimeoutException || error instanceof ResourceNotFoundException) return;
        throw error;
      }
    }),
});

/** `absent`: Lambda knows none of this name, or has forgotten it: it keeps an ended one for its retention period. */
export type ExecutionState = "running" | "ended" | "absent";

/**
 * What became of an incident's execution. Throws AwsCallFailed.
 * @param functionArn of the function, or of an alias of it
 * @param startedBy the execution that took the incident, by its ARN, where one did: then that one is asked for, and no
 *   list of them, which may lag behind
 */
export const executionState = async (
  client: LambdaClient,
  functionArn: string,
  incidentId: string,
  startedBy: string | null = null,
): Promise<ExecutionState> => {
  if (startedBy !== null) return stateOf(client, startedBy);
  const { name, qualifier } = partsOf(functionArn);
  const everywhere = stateIn(await statuses(client, { FunctionName: name }, incidentId));
  if (everywhere !== "absent" || qualifier === null) return everywhere;
  // Older words of the API's reference say that without a qualifier only $LATEST is looked through.
  return stateIn(await statuses(client, { FunctionName: name, Qualifier: qualifier }, incidentId));
};

const stateOf = (client: LambdaClient, arn: string): Promise<ExecutionState> =>
  callAws("lambda:GetDurableExecution", arn, async () => {
    try {
      const query = new GetDurableExecutionCommand({ DurableExecutionArn: arn, IncludeExecutionData: false });
      return (await client.send(query)).Status === "RUNNING" ? "running" : "ended";
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return "absent";
      throw error;
    }
  });

const stateIn = (found: readonly ExecutionStatus[]): ExecutionState =>
  found.includes("RUNNING") ? "running" : found.length > 0 ? "ended" : "absent";

const statuses = (
  client: LambdaClient,
  of: Readonly<{ FunctionName: string; Qualifier?: string }>,
  incidentId: string,
): Promise<readonly ExecutionStatus[]> =>
  callAws("lambda:ListDurableExecutionsByFunction", `${incidentId} of ${of.FunctionName}`, async () => {
    const found: ExecutionStatus[] = [];
    const query = { ...of, DurableExecutionName: incidentId };
    // In some of its descriptions the filter is no more than "contains".
    for await (const { DurableExecutions = [] } of paginateListDurableExecutionsByFunction({ client }, query))
      for (const { DurableExecutionName, Status } of DurableExecutions)
        if (DurableExecutionName === incidentId && Status !== undefined) found.push(Status);
    return found;
  });

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`, or a bare name. */
const partsOf = (arn: string): Readonly<{ name: string; qualifier: string | null }> => {
  const parts = arn.split(":");
  if (parts.length !== 8) return { name: arn, qualifier: null };
  return { name: parts.slice(0, 7).join(":"), qualifier: parts[7] ?? null };
};
