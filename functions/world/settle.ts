import { evaluateAlarms } from "./alarms.ts";
import { badShare, type Flow, flowAt } from "./flow.ts";
import { storeSamples } from "./metrics.ts";
import { countAround } from "./random.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import { MINUTE_MS, type MinuteTotals, record, schedule, streamOf, type World } from "./state.ts";

/** Share of entry requests from which on users count as affected; a healthy world stays below a fifth of it. */
export const USER_IMPACT_SHARE = 0.01;
const WORTH_A_LOG_LINE = 0.003;

/** Turns the load since the last event into completions and errors. Called before anything changes the state. */
export const settle = (world: World): void => {
  const elapsedMs = world.nowMs - world.settledMs;
  if (elapsedMs <= 0) return;
  const flow = flowAt(world, world.settledMs);
  for (const [arn, state] of Object.entries(world.resources)) {
    const served = flow[arn];
    if (served === undefined) continue;
    add(totalsOf(world, arn), served, elapsedMs);
    behaviourOf(state).elapse?.(world, state, served, elapsedMs);
  }
  const share = badShare(world, flow);
  world.openImpact += (share * elapsedMs) / MINUTE_MS;
  const afterOnset = world.settledMs >= world.scenario.onsetMs;
  if (world.impactStartedAtMs === null && afterOnset && share >= USER_IMPACT_SHARE)
    world.impactStartedAtMs = world.settledMs;
  world.settledMs = world.nowMs;
};

/** Closes the minute that ends now: its metrics are stored, and alarms look at what has become readable. */
export const closeMinute = (world: World): void => {
  const minute = world.nowMs / MINUTE_MS;
  for (const [arn, state] of Object.entries(world.resources)) {
    const totals = totalsOf(world, arn);
    const requests = countAround(streamOf(world, arn, "requests"), minute, totals.requests);
    const errors = Math.min(requests, countAround(streamOf(world, arn, "errors"), minute, totals.errors));
    const samples = behaviourOf(state).samples(world, state, { ...totals, requests, errors });
    if (samples !== null) storeSamples(world, arn, samples);
    if (totals.message !== null && totals.requests > 0 && totals.errors / totals.requests > WORTH_A_LOG_LINE)
      troublesOf(world, arn).push({ minute: minute - 1, errors: totals.errors, message: totals.message });
  }
  record(world, "minute", { impact: world.openImpact });
  world.impacts.push(world.openImpact);
  world.openImpact = 0;
  world.open = {};
  evaluateAlarms(world);
  schedule(world, world.nowMs + MINUTE_MS, { kind: "minute" });
};

const totalsOf = (world: World, arn: string): MinuteTotals => {
  const found = world.open[arn];
  if (found !== undefined) return found;
  const empty = { requests: 0, errors: 0, latencyMs: 0, utilisation: 0, gauges: {}, message: null, messageErrors: 0 };
  world.open[arn] = empty;
  return empty;
};

const troublesOf = (world: World, arn: string): { minute: number; errors: number; message: string }[] => {
  const found = world.troubles[arn] ?? [];
  world.troubles[arn] = found;
  return found;
};

const add = (totals: MinuteTotals, served: Flow[string], elapsedMs: number): void => {
  const share = elapsedMs / MINUTE_MS;
  const requests = (served.demand * elapsedMs) / 1000;
  const errors = requests * served.errorRate;
  const all = totals.requests + requests;
  if (all > 0) totals.latencyMs = (totals.latencyMs * totals.requests + served.latencyMs * requests) / all;
  totals.requests = all;
  totals.errors += errors;
  totals.utilisation += served.utilisation * share;
  for (const [name, value] of Object.entries(served.gauges))
    totals.gauges[name] = (totals.gauges[name] ?? 0) + value * share;
  if (served.message !== null && errors > totals.messageErrors) {
    totals.message = served.message;
    totals.messageErrors = errors;
  }
};
