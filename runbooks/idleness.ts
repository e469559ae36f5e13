import type { Context } from "../functions/core/context.ts";
import { callers, harmAt, levelsOf, pointsOf, type Rise, seriesOf } from "./facts.ts";

/** A sixth less CPU is beyond what a quarter of an hour's change of load explains. */
const IDLE_SHARE = 0.84;
/** As much is asked as before: less would explain less work. */
const STEADY_SHARE = 0.9;

/** Less work for the same requests: CPU before and now in percent, the harm where the requests arrive, and evidence. */
export type Idleness = Readonly<{ before: number; now: number; harm: Rise; evidence: readonly string[] }>;

/**
 * Whether a part of a service's tasks or instances does nothing: they use less CPU than before although the target group
 * right before them counts as many requests, more of which fail. Null where that is not so, or not measured.
 */
export const idlenessOf = (context: Context, arn: string): Idleness | null => {
  const group = callers(context, arn).find(
    (caller) => caller.dependsOn.includes(arn) && seriesOf(context, caller.arn, "RequestCount") !== null,
  );
  const cpu = seriesOf(context, arn, "CPUUtilization");
  const work = levelsOf(context, pointsOf(cpu, "left-out"));
  if (group === undefined || cpu === null || work === null || work.now > work.before * IDLE_SHARE) return null;
  const asked = levelsOf(context, pointsOf(seriesOf(context, group.arn, "RequestCount"), "left-out"));
  const harm = harmAt(context, group.arn);
  if (asked === null || asked.now < asked.before * STEADY_SHARE || harm === null) return null;
  return { before: work.before, now: work.now, harm, evidence: [cpu.id, harm.series] };
};
