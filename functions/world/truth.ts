import { solveFlow } from "./flow.ts";
import { USER_IMPACT_SHARE } from "./settle.ts";
import { type Flow, MINUTE_MS, type World } from "./state.ts";

/**
 * What only the world knows: the integral over the minutes of [fromMs, toMs] of the share of the worst-hit entry's
 * requests that failed or missed their objective. `toMs` may not lie past now; minutes before the clock's start count 0.
 */
export const impactMinutes = (world: World, fromMs: number, toMs: number): number => {
  const sharedMs = (startMs: number, ms: number): number =>
    Math.max(0, Math.min(startMs + ms, toMs) - Math.max(startMs, fromMs));
  let total = 0;
  const firstMinute = Math.max(0, Math.floor((fromMs - world.clockStartMs) / MINUTE_MS));
  for (let index = firstMinute; index <= world.minutes.length; index += 1) {
    let startMs = world.clockStartMs + index * MINUTE_MS;
    for (const { flow, ms } of world.minutes[index] ?? world.open) {
      total += (world.flows[flow]?.bad ?? 0) * sharedMs(startMs, ms);
      startMs += ms;
    }
  }
  const unsettledMs = sharedMs(world.settledMs, world.nowMs - world.settledMs);
  return (total + (unsettledMs > 0 ? seenFlow(world).bad * unsettledMs : 0)) / MINUTE_MS;
};

/** When users were first affected after the onset (at least 1 % of an entry's requests), or null if never. */
export const impactStartedAtMs = (world: World): number | null => world.impactStartedAtMs;

/** What dashboards show of the flow now. Looking changes nothing of the world, not even what it has solved so far. */
export const seenFlow = (world: World): Flow => {
  const last = world.flows.at(-1);
  return last === undefined || world.isStirred ? solveFlow(world, world.nowMs) : last;
};

/** Whether users are served now, as dashboards show it: less than 1 % of every entry's requests is bad. */
export const isHealthy = (world: World): boolean => seenFlow(world).bad < USER_IMPACT_SHARE;
