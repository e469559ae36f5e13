import { auditStoreContract } from "../contracts/audit-store.contract.ts";
import { simulatedAuditStore } from "./audit-store.ts";

auditStoreContract("the simulated audit store", async () => simulatedAuditStore());
