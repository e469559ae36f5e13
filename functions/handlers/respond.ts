import type { DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import { type DurableConfig, durable } from "../adapters/durable/durable.ts";
import { durableJournal } from "../adapters/durable/journal.ts";
import { withEgress } from "../core/egress.ts";
import type { Ports } from "../core/ports.ts";
import { respond } from "../core/respond.ts";
import type { Settings } from "../core/settings.ts";

/** The start payload of an incident's execution, and all of it: everything else is in the ledger. */
export type RespondInput = Readonly<{ incidentId: string }>;

/**
 * The durable function that answers one incident. Lambda and the laptop run this same handler; only the ports differ,
 * and all of them stand behind the egress. It ends with the incident's terminal state, or with "duplicate" where another
 * execution has the incident.
 */
export const respondWith = (
  open: Ports,
  settings: Settings,
  config: DurableConfig<RespondInput> = {},
): DurableLambdaHandler => {
  const ports = withEgress(open);
  return durable<RespondInput>(async ({ incidentId }, context) => {
    const { durableExecutionArn } = context.executionContext;
    const journal = durableJournal(context, ports.ledger, incidentId);
    return respond({ journal, ports, settings, incidentId, executionId: durableExecutionArn });
  }, config);
};
