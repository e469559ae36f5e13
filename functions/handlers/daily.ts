import { emit } from "../adapters/telemetry/meter.ts";
import { manifestOf } from "../core/audit-manifest.ts";
import type { AuditStore } from "../core/audit-store.ts";
import type { Configuration } from "../core/configuration.ts";
import { isoTime } from "../core/ids.ts";
import type { Measure } from "../core/measures.ts";
import type { Clock } from "../core/ports.ts";

/** What was done of a day's chores. */
export type Daily = Readonly<{ manifestOf: string; links: number; drillIsDue: boolean }>;

const DAY_MS = 86_400_000;

/** Whether a drill is due: 1 once a day, 0 on every other run, so that its alarm goes OK by data and not by their absence. */
export const drillDue = (value: 0 | 1): Measure => ({ name: "DrillDue", unit: "Count", value, dimensions: {} });

/**
 * What the schedule runs once a day: it closes the audit trail of yesterday with a manifest, and makes the drill due, whose
 * alarm then rings as every other does. Running it twice writes one manifest. Throws where the trail cannot be closed,
 * after the drill was made due: one is no reason to leave out the other.
 */
export const dailyWith =
  (ports: Readonly<{ audit: AuditStore; clock: Clock }>, { drill }: Pick<Configuration, "drill">) =>
  async (): Promise<Daily> => {
    if (drill) emit([drillDue(1)]);
    const day = isoTime(ports.clock.nowMs() - DAY_MS).slice(0, 10);
    const { heads } = await manifestOf(ports.audit, day);
    return { manifestOf: day, links: heads.length, drillIsDue: drill };
  };
