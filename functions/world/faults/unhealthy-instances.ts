import { between, chance, wholeBetween } from "../random.ts";
import { inService, isAutoScalingGroup } from "../resources/auto-scaling-fleet.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { errorRateFor, placeThatHurts } from "./severity.ts";
import { usersNotice } from "./symptom.ts";

/**
 * Disks of some instances turned read-only: their status checks pass, what they are asked fails. Four groups in ten have
 * a health check that finds out in the end.
 */
export const unhealthyInstances: Fault = {
  id: "unhealthy-instances",
  family: "infrastructure",
  likelihood: 3,
  needs: ["asg-front"],
  draw: (system, stream) => {
    const isServing = ({ targetGroup }: Readonly<{ targetGroup: string | null }>): boolean => targetGroup !== null;
    const { state, entry } = placeThatHurts(system, `${stream}|where`, 0.6, isAutoScalingGroup, isServing);
    const share = errorRateFor(system, entry, state.arn, between(`${stream}|severity`, 0, 0.14, 0.4));
    return {
      arn: state.arn,
      entry,
      group: state.targetGroup ?? "",
      sick: Math.min(0.7, share),
      foundMinutes: chance(`${stream}|truth`, 0, 0.4) ? wholeBetween(`${stream}|found`, 0, 95, 150) : 0,
    };
  },
  remedies: (parameters) => [
    { runbook: "asg-instance-refresh", at: "arn", does: "heals" },
    { runbook: "asg-scale-out", at: "arn", does: "eases" },
    // Where others call it, the fewer targets feel their retries.
    ...(parameters.group === parameters.entry
      ? [{ runbook: "zonal-shift", at: "group", does: "nothing" } as const]
      : []),
  ],
  course: (parameters) => {
    const found = numberOf(parameters, "foundMinutes");
    return found > 0 ? { kind: "heals", afterMinutes: found + 5 } : { kind: "persists" };
  },
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  start: (world, active) => {
    const group = stateAt(world, active, "arn", isAutoScalingGroup);
    const sick = Math.max(1, Math.round(inService(group) * numberOf(active.parameters, "sick")));
    const [fleet] = group.fleets;
    if (fleet !== undefined) fleet.sick = Math.min(fleet.count, sick);
    const found = numberOf(active.parameters, "foundMinutes");
    const what = { kind: "resource", arn: group.arn, what: "sick-found", subject: "" } as const;
    if (found > 0) schedule(world, world.nowMs + found * MINUTE_MS, what);
  },
  isPresent: (world, active) => stateAt(world, active, "arn", isAutoScalingGroup).fleets.some(({ sick }) => sick > 0),
  heal: (world, active, act) => {
    const { name } = stateAt(world, active, "arn", isAutoScalingGroup);
    act({ service: "autoscaling", api: "StartInstanceRefresh", input: { AutoScalingGroupName: name } });
  },
};
