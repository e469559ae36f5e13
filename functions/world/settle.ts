import { evaluateAlarms } from "./alarms.ts";
import { flowNow, servedBy } from "./flow.ts";
import { loadChanges } from "./load.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { MINUTE_MS, schedule, stir, type World } from "./state.ts";

/** Share of entry requests from which on users count as affected; a healthy world stays below a fifth of it. */
export const USER_IMPACT_SHARE = 0.01;
const WORTH_AN_EVENT = 0.001;

/** Lets the flow that has held since the last event take its course up to now. Called before anything changes. */
export const settle = (world: World): void => {
  const elapsedMs = world.nowMs - world.settledMs;
  if (elapsedMs <= 0) return;
  const flow = heldFlow(world);
  const index = world.flows.length - 1;
  const last = world.open.at(-1);
  if (last?.flow === index) world.open = [...world.open.slice(0, -1), { flow: index, ms: last.ms + elapsedMs }];
  else world.open = [...world.open, { flow: index, ms: elapsedMs }];
  for (const arn of world.system.moving) {
    const state = world.resources[arn];
    const served = servedBy(world, flow, arn);
    if (state !== undefined && served !== null && behaviourOf(state).elapse?.(world, state, served, elapsedMs) === true)
      stir(world);
  }
  const isAfterOnset = world.settledMs >= world.scenario.onsetMs;
  if (world.impactStartedAtMs === null && isAfterOnset && flow.bad >= USER_IMPACT_SHARE)
    world.impactStartedAtMs = world.settledMs;
  world.settledMs = world.nowMs;
};

/** The flow since the last event: solved for the time at which it began, now that it is needed. */
const heldFlow = (world: World) => {
  if (!world.isStirred) return flowNow(world);
  const { nowMs } = world;
  const before = world.flows.at(-1)?.bad ?? 0;
  world.nowMs = world.settledMs;
  const flow = flowNow(world);
  world.nowMs = nowMs;
  if (Math.abs(flow.bad - before) > WORTH_AN_EVENT)
    world.log.push(JSON.stringify({ atMs: flow.atMs, kind: "flow", bad: flow.bad }));
  return flow;
};

/** Closes the minute that ends now: its metrics can be read a minute later, and alarms look at what has become readable. */
export const closeMinute = (world: World): void => {
  const isSteady = world.open.length === 1 && isSameMinute(world);
  world.minutes.push(isSteady ? (world.minutes.at(-1) ?? world.open) : world.open);
  world.open = [];
  if (loadChanges(world, world.flows.at(-1)?.loads ?? [])) stir(world);
  evaluateAlarms(world);
  schedule(world, world.nowMs + MINUTE_MS, { kind: "minute" });
};

/** One array for all minutes of a flow that holds on: a day's minutes then cost no more than its changes. */
const isSameMinute = ({ minutes, open }: World): boolean => {
  const [before, ...more] = minutes.at(-1) ?? [];
  return more.length === 0 && before?.flow === open[0]?.flow && before?.ms === open[0]?.ms;
};
