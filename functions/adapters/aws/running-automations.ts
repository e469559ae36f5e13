import { ListTagsForResourceCommand, paginateDescribeAutomationExecutions, type SSMClient } from "@aws-sdk/client-ssm";
import { callAws } from "./call.ts";

/** Every status in which an automation may still change something. */
const RUNS = ["InProgress", "Pending", "Waiting", "Cancelling"];
/** As our documents' names begin; nobody else's automation is ours. */
const OURS = "Quell-";
/** As a start tags its run. */
const INCIDENT = "quell:incident";

/**
 * How many automations of an incident run now, found by the tags that each was started with: what became of a start that
 * was never answered is known from nowhere else. Systems Manager runs a hundred at a time, so few are looked at. Throws
 * AwsCallFailed.
 */
export const runningAutomations = async (client: SSMClient, incidentId: string): Promise<number> => {
  const ids = await callAws("ssm:DescribeAutomationExecutions", "automations that run", async () => {
    const found: string[] = [];
    const query = { Filters: [{ Key: "ExecutionStatus" as const, Values: RUNS }] };
    for await (const { AutomationExecutionMetadataList = [] } of paginateDescribeAutomationExecutions(
      { client },
      query,
    ))
      for (const { AutomationExecutionId: id, DocumentName = "" } of AutomationExecutionMetadataList)
        if (id !== undefined && DocumentName.startsWith(OURS)) found.push(id);
    return found;
  });
  let running = 0;
  for (const id of ids) if ((await incidentOf(client, id)) === incidentId) running += 1;
  return running;
};

const incidentOf = (client: SSMClient, ResourceId: string): Promise<string | null> =>
  callAws("ssm:ListTagsForResource", `the automation ${ResourceId}`, async () => {
    const { TagList = [] } = await client.send(
      new ListTagsForResourceCommand({ ResourceType: "Automation", ResourceId }),
    );
    return TagList.find(({ Key }) => Key === INCIDENT)?.Value ?? null;
  });
