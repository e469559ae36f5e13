import { Metrics } from "@aws-lambda-powertools/metrics";
import { type Measure, measuresOf } from "../../core/measures.ts";
import type { Records } from "../../core/ports.ts";

/** Every measure is under it; alarms and the dashboard look there. */
export const NAMESPACE = "Quell";

/**
 * Writes measures as lines of the function's log, from which CloudWatch makes metrics; each has the dimensions that it
 * names and no other. What is counted twice because a step was tried again stays counted twice: it is for looking at.
 */
export const emit = (measures: readonly Measure[]): void => {
  const metrics = new Metrics({ namespace: NAMESPACE });
  metrics.clearDefaultDimensions();
  for (const { name, unit, value, dimensions } of measures) {
    const single = metrics.singleMetric();
    single.clearDefaultDimensions();
    single.addDimensions({ ...dimensions });
    single.addMetric(name, unit, value);
  }
};

/** Counts every record as it is put. */
export const metered = (records: Records): Records => ({
  put: async (record) => {
    await records.put(record);
    emit(measuresOf(record));
  },
});
