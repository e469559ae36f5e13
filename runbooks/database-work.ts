import type { Context } from "../functions/core/context.ts";
import type { Series } from "../functions/core/evidence.ts";
import { seriesOf } from "./facts.ts";

/** A series that counts what a database gets done, and what it counts, per second. */
export type DatabaseWork = Readonly<{ series: Series; counts: string }>;

/** The most telling first: Aurora alone publishes its commits, every other engine of RDS its writes to the disk. */
const WORK = [
  { metricName: "CommitThroughput", counts: "commits" },
  { metricName: "WriteIOPS", counts: "writes" },
] as const;

/** The work of a database instance; null where nothing of it was collected. */
export const databaseWork = (context: Context, arn: string): DatabaseWork | null => {
  for (const { metricName, counts } of WORK) {
    const series = seriesOf(context, arn, metricName);
    if (series !== null) return { series, counts };
  }
  return null;
};
