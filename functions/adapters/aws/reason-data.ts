import { z } from "zod";
import { parseTimestamp } from "./timestamp.ts";

/** How CloudWatch came to a state: what its own reasonData, or a notification's trigger, tells of the evaluation. */
export type Evaluation = Readonly<{
  threshold: number | null;
  periodSeconds: number | null;
  /** Datapoints that were looked at. */
  evaluationPeriods: number | null;
  /** The side of the threshold on which the newest datapoint lies, or null where either is unknown. */
  breaches: "above" | "below" | null;
}>;

export const UNKNOWN_EVALUATION: Evaluation = {
  threshold: null,
  periodSeconds: null,
  evaluationPeriods: null,
  breaches: null,
};

// SetAlarmState lets any caller put any JSON here; CloudWatch's own carries these three.
const cloudWatchReasonData = z.object({
  version: z.literal("1.0"),
  queryDate: z.string().refine((text) => parseTimestamp(text) !== null),
  recentDatapoints: z.array(z.number().nullable()),
  period: z.number().int().positive().nullable().catch(null),
  threshold: z.number().nullable().catch(null),
});

/** Reads a state's reasonData. Anything that CloudWatch did not write, JSON or not, tells nothing. Never throws. */
export const readReasonData = (reasonData: unknown): Evaluation => {
  const parsed = cloudWatchReasonData.safeParse(fromJson(reasonData));
  if (!parsed.success) return UNKNOWN_EVALUATION;
  const { threshold, period, recentDatapoints } = parsed.data;
  const newest = recentDatapoints.filter((value) => value !== null).at(-1);
  const side = threshold === null || newest === undefined ? 0 : Math.sign(newest - threshold);
  return {
    threshold,
    periodSeconds: period,
    evaluationPeriods: recentDatapoints.length > 0 ? recentDatapoints.length : null,
    breaches: side === 0 ? null : side > 0 ? "above" : "below",
  };
};

/** Whether CloudWatch may have written it; a caller who knows its form can write the same. As text or as JSON read. */
export const looksLikeCloudWatch = (reasonData: unknown): boolean =>
  cloudWatchReasonData.safeParse(typeof reasonData === "string" ? fromJson(reasonData) : reasonData).success;

const fromJson = (reasonData: unknown): unknown => {
  if (typeof reasonData !== "string") return null;
  try {
    return JSON.parse(reasonData);
  } catch {
    return null; // a caller's free text
  }
};
