import { call } from "./aws-api.ts";
import { faultNamed } from "./faults/all-faults.ts";
import { logNormal } from "./random.ts";
import { MINUTE_MS, record, schedule, streamOf, type World } from "./state.ts";

/** Without a page somebody notices after this long. */
export const UNNOTICED_MS = 8 * 60 * MINUTE_MS;
const ARRIVAL_MEDIAN_MINUTES = 25;
const ARRIVAL_SIGMA = 0.6; // one in ten arrives after 54 minutes

/**
 * Calls the person on call, who comes after a log-normal time. Idempotent by incident, and a page while somebody is on
 * the way calls nobody else.
 */
export const page = (world: World, incidentId: string): void => {
  if (world.pages.some((one) => one.incidentId === incidentId)) return;
  world.inputs.push({ kind: "page", atMs: world.nowMs, incidentId });
  const isComing = world.personComesAtMs !== null && world.personComesAtMs > world.nowMs;
  record(world, "page", { incidentId });
  world.pages.push({ atMs: world.nowMs, incidentId });
  if (isComing) return;
  const minutes = logNormal(
    streamOf(world, "on-call", "arrival"),
    world.pages.length,
    ARRIVAL_MEDIAN_MINUTES,
    ARRIVAL_SIGMA,
  );
  world.personComesAtMs = world.nowMs + Math.round(minutes * MINUTE_MS);
  schedule(world, world.personComesAtMs, { kind: "person-arrives" });
};

/** The person looks, and heals the fault the way it declares, if its cause is still there. */
export const personArrives = (world: World): void => {
  record(world, "person-arrives", {});
  const { scenario } = world;
  const fault = faultNamed(scenario.fault);
  if (fault === null || world.fault.startedAtMs === null || !fault.isPresent(world, scenario.parameters)) return;
  fault.heal(world, scenario.parameters, (apiCall) => {
    call(world, { executionId: null, person: "on-call" }, apiCall);
  });
};
