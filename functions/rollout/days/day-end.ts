import type { Incident } from "../../core/incident.ts";
import { presentFaults } from "../../world/people/knowledge.ts";
import { USER_IMPACT_SHARE } from "../../world/settle.ts";
import type { World } from "../../world/state.ts";
import { impactMinutes, isHealthy } from "../../world/truth.ts";

const MINUTE_MS = 60_000;
/** A world that is healed is watched this long for a relapse. */
const CALM_MS = 30 * MINUTE_MS;
/** After the onset; nobody's impact is counted beyond this: by then somebody notices without a page. */
const LONGEST_WORLD_MS = 8 * 60 * MINUTE_MS;
/** After the onset; an incident that is open then is a finding: eight hours are watched after a handover, and some before. */
const LONGEST_INCIDENT_MS = 24 * 60 * MINUTE_MS;

/** Whether a simulated day is over. @param isDone whether nothing more will be done for an incident */
export const isOver = (
  world: World,
  incidents: readonly Incident[],
  isDone: (incident: Incident) => boolean,
): boolean => {
  const ageMs = world.nowMs - world.scenario.onsetMs;
  if (ageMs >= LONGEST_INCIDENT_MS) return true;
  if (!incidents.every(isDone)) return false;
  if (ageMs >= LONGEST_WORLD_MS) return true;
  // A cure that does not last has not ended anything: users are well, and the cause is still there.
  if (presentFaults(world).length > 0) return false;
  const recent = impactMinutes(world, world.nowMs - CALM_MS, world.nowMs);
  return incidents.length > 0 && isHealthy(world) && recent < (USER_IMPACT_SHARE * CALM_MS) / MINUTE_MS;
};
