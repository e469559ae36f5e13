import type { AuditEntry, AuditManifest, AuditStore } from "../../core/audit-store.ts";
import type { Json } from "../../core/json.ts";

/** Chains in the memory of this process. What is read passes through JSON, as from every other store. */
export const simulatedAuditStore = (): AuditStore => {
  const chains = new Map<string, Map<number, AuditEntry>>();
  const days = new Map<string, AuditManifest>();
  return {
    put: async (entry) => {
      const chain = chains.get(entry.incidentId) ?? new Map<number, AuditEntry>();
      chains.set(entry.incidentId, chain);
      if (chain.has(entry.seq)) return false;
      chain.set(entry.seq, entry);
      return true;
    },
    chain: async (incidentId) =>
      [...(chains.get(incidentId)?.values() ?? [])].toSorted((a, b) => a.seq - b.seq).map(asJson),
    grewOn: async (day) =>
      [...chains].flatMap(([incidentId, chain]) =>
        [...chain.values()].some(({ at }) => at.startsWith(`${day}T`)) ? [incidentId] : [],
      ),
    putManifest: async (manifest) => {
      if (days.has(manifest.day)) return false;
      days.set(manifest.day, manifest);
      return true;
    },
    manifests: async () => [...days.values()].toSorted((a, b) => (a.day < b.day ? -1 : 1)).map(asJson),
  };
};

const asJson = (value: AuditEntry | AuditManifest): Json => JSON.parse(JSON.stringify(value));
