import { between, chance, pick, wholeBetween } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { isTargetGroup, shiftedAway } from "../resources/load-balancer-zones.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { passesAfterMinutes } from "./disturbances.ts";
import { ecsFront } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { releaseAt } from "./release.ts";
import { usersNotice } from "./symptom.ts";

const CROWDED = 1.7; // times the usual work: two zones of three cannot do it

/**
 * One zone of a load balancer loses a part of what it is sent while every health check passes. To shift away from it
 * heals, unless the tasks of the other zones are busy already: then the shift does more harm than the zone.
 */
export const zoneGrayFailure: Fault = {
  id: "zone-gray-failure",
  family: "infrastructure",
  likelihood: 3,
  needs: ["ecs-front"],
  draw: (system, stream) => {
    const { entry, group, service } = ecsFront(system, `${stream}|where`);
    const isCrowded = chance(`${stream}|truth`, 0, 0.25);
    return {
      ...releaseAt(system, { state: service, entry }),
      group: group.arn,
      zone: pick(`${stream}|zone`, 0, group.zones),
      errorRate: isCrowded ? 0.21 : between(`${stream}|severity`, 0, 0.25, 0.8),
      latencyMs: isCrowded ? 0 : Math.round(between(`${stream}|latency`, 0, 0, 200)),
      workFactor: isCrowded ? CROWDED : 1,
      // 0: until somebody finds it.
      minutes: chance(`${stream}|passes`, 0, 0.3) ? wholeBetween(`${stream}|minutes`, 0, 100, 200) : 0,
    };
  },
  remedies: (parameters) => [
    { runbook: "zonal-shift", at: "group", does: numberOf(parameters, "workFactor") > 1 ? "harms" : "heals" },
    { runbook: "ecs-force-deployment", at: "arn", does: "nothing" },
    { runbook: "ecs-rollback", at: "arn", does: "nothing" },
  ],
  course: passesAfterMinutes,
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  start: (world, active) => {
    const { parameters } = active;
    const group = stateAt(world, active, "group", isTargetGroup);
    const [errorRate, latencyMs] = [numberOf(parameters, "errorRate"), numberOf(parameters, "latencyMs")];
    group.impaired = { zone: textOf(parameters, "zone"), errorRate, latencyMs };
    stateAt(world, active, "arn", isEcsService).workFactor = numberOf(parameters, "workFactor");
    const minutes = numberOf(parameters, "minutes");
    const whole = { kind: "resource", arn: group.arn, what: "zone-whole", subject: "" } as const;
    if (minutes === 0) return;
    schedule(world, world.nowMs + minutes * MINUTE_MS, whole);
    const usual = { kind: "resource", arn: textOf(parameters, "arn"), what: "usual-work", subject: "" } as const;
    schedule(world, world.nowMs + minutes * MINUTE_MS, usual);
  },
  isPresent: (world, active) => {
    const group = stateAt(world, active, "group", isTargetGroup);
    return group.impaired !== null && shiftedAway(group) !== group.impaired.zone;
  },
  heal: (world, active) => {
    stateAt(world, active, "group", isTargetGroup).impaired = null; // mends the routes of the zone's subnet
    stateAt(world, active, "arn", isEcsService).workFactor = 1; // and turns the crawler away
  },
};
