import type { Records } from "../../core/ports.ts";
import type { IncidentRecord } from "../../core/record.ts";
import type { Say } from "../http/courtesy.ts";
import type { Reports } from "./report.ts";

/**
 * Records of which each is also filed as a report, once it is put; `filed` hears where it lies. A report that cannot be
 * filed is told to `say`: it is a copy for people, and no incident waits for it or fails by it.
 */
export const recordsWithReport = (
  records: Records,
  reports: Reports,
  say: Say,
  filed: (record: IncidentRecord, at: string) => Promise<void> = async () => {},
): Records => ({
  put: async (record) => {
    await records.put(record);
    try {
      await filed(record, await reports.file(record));
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  },
});
