import { personNamed } from "./people/person.ts";
import { onCallOf } from "./people/rota.ts";
import { beginShift, comes, isAtWork } from "./people/shift.ts";
import { MINUTE_MS, record, type World } from "./state.ts";

/** Without a page somebody notices after this long. */
export const UNNOTICED_MS = 8 * 60 * MINUTE_MS;

/**
 * Calls the person on call, who comes after a log-normal time. Idempotent by incident, and a page while somebody is on
 * the way or at work calls nobody else.
 */
export const page = (world: World, incidentId: string): void => {
  if (world.pages.some((one) => one.incidentId === incidentId)) return;
  world.inputs.push({ kind: "page", atMs: world.nowMs, incidentId });
  const isComing = world.personComesAtMs !== null && world.personComesAtMs > world.nowMs;
  record(world, "page", { incidentId });
  world.pages.push({ atMs: world.nowMs, incidentId });
  if (!isComing && !isAtWork(world)) comes(world, onCallOf(world.scenario));
};

/**
 * Somebody has arrived and looks at it, unless they find somebody at work. Null: whoever is on call has noticed it by
 * themselves; where somebody was paged, they leave it to them.
 */
export const personArrives = (world: World, id: string | null): void => {
  if (id === null && world.pages.length > 0) return;
  const person = id === null ? onCallOf(world.scenario) : personNamed(world.scenario.seed, id);
  record(world, "person-arrives", { person: person.id });
  if (!isAtWork(world)) beginShift(world, person);
};
