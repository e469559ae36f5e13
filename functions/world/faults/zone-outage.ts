import { between, pick, wholeBetween } from "../random.ts";
import { isTargetGroup } from "../resources/load-balancer-zones.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { ecsFront } from "./ecs-place.ts";
import { type Fault, numberOf, textOf } from "./fault.ts";
import { releaseAt } from "./release.ts";
import { usersNotice } from "./symptom.ts";

const HEALTHY = { errorRate: 0, latencyMs: 0 };

/**
 * A zone loses power and comes back within two hours. Every load balancer has targets in it: to shift one away is all
 * that it takes only where it is the only one.
 */
export const zoneOutage: Fault = {
  id: "zone-outage",
  family: "infrastructure",
  likelihood: 1,
  needs: ["ecs-front"],
  draw: (system, stream) => {
    const { entry, group, service } = ecsFront(system, `${stream}|where`);
    return {
      ...releaseAt(system, { state: service, entry }),
      group: group.arn,
      zone: pick(`${stream}|zone`, 0, group.zones),
      errorRate: between(`${stream}|severity`, 0, 0.4, 1),
      minutes: wholeBetween(`${stream}|minutes`, 0, 95, 160),
      targetGroups: system.states.filter(isTargetGroup).length,
    };
  },
  remedies: (parameters) => [
    ...(numberOf(parameters, "targetGroups") > 1
      ? []
      : [{ runbook: "zonal-shift", at: "group", does: "heals" } as const]),
    { runbook: "ecs-force-deployment", at: "arn", does: "nothing" },
    { runbook: "ecs-cluster-capacity", at: "room", does: "nothing" },
  ],
  course: (parameters) => ({ kind: "heals", afterMinutes: numberOf(parameters, "minutes") }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  start: (world, { parameters }) => {
    const zone = textOf(parameters, "zone");
    world.zones[zone] = { errorRate: numberOf(parameters, "errorRate"), latencyMs: 0 };
    schedule(world, world.nowMs + numberOf(parameters, "minutes") * MINUTE_MS, {
      kind: "resource",
      arn: textOf(parameters, "group"),
      what: "zone-whole",
      subject: zone,
    });
  },
  isPresent: (world, { parameters }) => (world.zones[textOf(parameters, "zone")]?.errorRate ?? 0) > 0,
  heal: (world, { parameters }) => {
    world.zones[textOf(parameters, "zone")] = HEALTHY; // stands for moving every load balancer away from the zone
  },
};
