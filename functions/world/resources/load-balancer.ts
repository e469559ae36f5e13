import { count, gauge, latency, type ResourceBehaviour, resourceType, type Samples, sparse } from "../resource-type.ts";
import { dependencyCost, eitherFails } from "../saturation.ts";
import type { World } from "../state.ts";
import { loadBalancerApis, loadBalancerArn, zoneIdOf } from "./load-balancer-api.ts";
import { isTargetGroup, shiftedAway, type TargetGroup, zoneErrors, zoneLatencyMs } from "./load-balancer-zones.ts";

const OWN_ERRORS = 0.00002; // of a healthy load balancer's requests

const behaviour: ResourceBehaviour<TargetGroup> = {
  kind: "target-group",
  isOne: isTargetGroup,
  describe: (state) => ({
    type: "AWS::ElasticLoadBalancingV2::TargetGroup",
    zones: state.zones.length,
    tags: {},
    attributes: {
      targetGroupName: state.name,
      loadBalancer: state.loadBalancer,
      loadBalancerArn: loadBalancerArn(state),
      awayFrom: awayFrom(state),
      // The name of a zone is the account's own; its id is the same everywhere, and what ARC wants.
      ...Object.fromEntries(state.zones.map((zone) => [zone, zoneIdOf(zone)])),
    },
  }),
  configuration: (state) => ({ awayFrom: awayFrom(state) }),

  serve: (world, state, { demand, dependencies }) => {
    const cost = dependencyCost(dependencies);
    const [target] = dependencies;
    const away = shiftedAway(state);
    const used = state.zones.length - (away === null ? 0 : 1);
    let lost = 0;
    let addedMs = 0;
    for (const zone of state.zones) {
      if (zone === away) continue;
      lost += zoneErrors(world, state, zone) / used;
      addedMs += zoneLatencyMs(world, state, zone) / used;
    }
    const behind = eitherFails(OWN_ERRORS, cost.errorRate);
    return {
      demand,
      passed: demand * (1 - lost),
      errorRate: eitherFails(behind, lost),
      latencyMs: 2 + addedMs + cost.latencyMs,
      utilisation: 0,
      capacity: Number.MAX_SAFE_INTEGER,
      message: null,
      gauges: {
        unanswered: target === undefined || target.served.capacity <= 0 ? 1 : 0,
        hosts: target?.served.gauges.hosts ?? 0,
        behind,
        ...(away === null && lost === 0 ? EVEN : zoneGauges(world, state, away, used)),
      },
    };
  },
  elapse: null,

  samples: (state, { demand, errorRate, latencyMs, gauges }) => {
    // Without a target the balancer itself answers 503: that is another metric, and the targets report nothing.
    const answered = 1 - (gauges.unanswered ?? 0);
    const requests = demand * 60;
    const dimensions = { LoadBalancer: state.loadBalancer, TargetGroup: state.targetGroup };
    return [
      {
        namespace: "AWS/ApplicationELB",
        dimensions,
        levels: {
          RequestCount: count(requests),
          HTTPCode_Target_5XX_Count: sparse(requests * errorRate * answered),
          TargetResponseTime: latency(answered > 0 && requests > 0 ? latencyMs / 1000 : null),
          HealthyHostCount: gauge(Math.round(gauges.hosts ?? 0)),
        },
      },
      ...state.zones.map((zone): Samples => {
        const own = requests * (gauges[`${zone}/share`] ?? 1 / state.zones.length);
        const errors = eitherFails(gauges[`${zone}/errors`] ?? 0, gauges.behind ?? 0);
        return {
          namespace: "AWS/ApplicationELB",
          dimensions: { ...dimensions, AvailabilityZone: zone },
          levels: { RequestCount: count(own), HTTPCode_Target_5XX_Count: sparse(own * errors * answered) },
        };
      }),
    ];
  },
  happen: (world, state, what, subject) => {
    if (what === "zone-whole") {
      if (subject === "") state.impaired = null;
      else world.zones[subject] = { errorRate: 0, latencyMs: 0 };
    }
    state.shifts = state.shifts.map((shift) =>
      shift.id === subject && shift.status === "ACTIVE" && shift.expiresAtMs <= world.nowMs
        ? { ...shift, status: "EXPIRED" }
        : shift,
    );
  },
  release: null,
  join: null,
  habits: [],
  apis: loadBalancerApis,
};

const EVEN: Readonly<Record<string, number>> = {};

/** Each zone's share of the requests, and the share of these that it fails itself, where zones are not alike. */
const zoneGauges = (
  world: World,
  state: TargetGroup,
  away: string | null,
  used: number,
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    state.zones.flatMap((zone) => [
      [`${zone}/share`, zone === away ? 0 : 1 / used],
      [`${zone}/errors`, zone === away ? 0 : zoneErrors(world, state, zone)],
    ]),
  );

const awayFrom = (state: TargetGroup): string | null => {
  const zone = shiftedAway(state);
  return zone === null ? null : zoneIdOf(zone);
};

export const loadBalancer = resourceType(behaviour);
