import type { Note } from "../../adapters/telemetry/logger.ts";
import { auditTrail } from "../../core/audit.ts";
import { type Tell, tellTrail } from "../../core/audit-tell.ts";
import type { Clock } from "../../core/ports.ts";
import type { DeployedStores } from "./stores.ts";

/** The audit trail in the bucket; what cannot be written into it is said in the function's log. */
export const deployedTrail = (
  { ledger, audit }: Pick<DeployedStores, "ledger" | "audit">,
  clock: Clock,
  note: Note,
): Tell =>
  tellTrail(ledger, auditTrail(audit, clock), (what, because) =>
    note("error", `not in the audit trail: ${what}: ${because}`),
  );
