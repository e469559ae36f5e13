import type { SliPlan } from "../blueprints/blueprint.ts";
import { metricOf } from "../metric-ref.ts";
import type { System } from "../system.ts";
import type { Symptom } from "./fault.ts";

/** Long enough for a rollout, a retry storm and three readable minutes. */
const AFTER_MINUTES = 20;

/** What users of an entry notice: the SLI of this role of the service whose entry it is. Throws RangeError without one. */
export const usersNotice = (
  system: System,
  entry: string,
  role: SliPlan["role"],
  moves: Symptom["moves"],
  afterMinutes = AFTER_MINUTES,
): Symptom => {
  const part = Object.values(system.parts).find(({ takes }) => takes === entry);
  const found = part?.slis.find((sli) => sli.role === role);
  if (found === undefined) throw new RangeError(`${entry}: no SLI of its service says ${role}`);
  const { namespace, metricName, dimensions, stat = "Average", periodSeconds = 60 } = found.metric;
  return { metric: { namespace, metricName, dimensions, stat, periodSeconds }, moves, afterMinutes };
};

/** A resource's own metric moves. Throws RangeError where it does not report it. */
export const shows = (
  system: System,
  arn: string,
  [metricName, stat]: readonly [metricName: string, stat: string],
  moves: Symptom["moves"],
  afterMinutes = AFTER_MINUTES,
): Symptom => ({ metric: metricOf(system, arn, metricName, stat), moves, afterMinutes });
