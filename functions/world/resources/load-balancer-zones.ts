import type { ResourceState, World, ZoneHealth } from "../state.ts";

/** A zonal shift of ARC: requests of one resource are kept away from a zone until it expires or is cancelled. */
export type ZonalShift = Readonly<{
  id: string;
  zone: string;
  comment: string;
  startedAtMs: number;
  expiresAtMs: number;
  status: "ACTIVE" | "CANCELED" | "EXPIRED";
}>;

/** A target group behind its load balancer: every request of an entry passes it, by one of its zones. */
export type TargetGroup = ResourceState & {
  readonly kind: "target-group";
  /** `app/NAME/ID`, the LoadBalancer dimension. */
  readonly loadBalancer: string;
  /** `targetgroup/NAME/ID`, the TargetGroup dimension. */
  readonly targetGroup: string;
  /** Names of its zones, each with as many targets. */
  readonly zones: readonly string[];
  /** What ails one of its zones here alone: a subnet's routes, a rack. */
  impaired: (ZoneHealth & Readonly<{ zone: string }>) | null;
  /** Every zonal shift that was ever started; at most one is active. */
  shifts: readonly ZonalShift[];
};

export const isTargetGroup = (resource: ResourceState): resource is TargetGroup => resource.kind === "target-group";

/** The zone that requests are kept away from; null where they go to all. */
export const shiftedAway = ({ shifts }: TargetGroup): string | null => {
  const last = shifts.at(-1);
  return last === undefined || last.status !== "ACTIVE" ? null : last.zone;
};

/** Share of requests that a zone fails, at this target group. */
export const zoneErrors = (world: World, group: TargetGroup, zone: string): number => {
  const everywhere = world.zones[zone]?.errorRate ?? 0;
  const { impaired } = group;
  return impaired === null || impaired.zone !== zone ? everywhere : 1 - (1 - everywhere) * (1 - impaired.errorRate);
};

/** Time that a zone adds to a request, at this target group, in ms. */
export const zoneLatencyMs = (world: World, { impaired }: TargetGroup, zone: string): number =>
  (world.zones[zone]?.latencyMs ?? 0) + (impaired === null || impaired.zone !== zone ? 0 : impaired.latencyMs);

/**
 * Share of the targets that can serve: those in zones that get requests, less the part of them that is down with its
 * zone. 1 where no target group stands before them: clients inside leave out a target that fails.
 */
export const capacityInUse = (world: World, targetGroup: string | null): number => {
  const group = targetGroup === null ? undefined : world.resources[targetGroup];
  if (group === undefined || !isTargetGroup(group)) return 1;
  const away = shiftedAway(group);
  let up = 0;
  for (const zone of group.zones) if (zone !== away) up += 1 - zoneErrors(world, group, zone);
  return up / group.zones.length;
};
