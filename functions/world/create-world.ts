import { hashOf } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import { faultNamed } from "./faults/all-faults.ts";
import { initialAlarms } from "./initial-alarms.ts";
import { initialStates } from "./initial-states.ts";
import { UNNOTICED_MS } from "./people.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import type { Scenario } from "./scenario.ts";
import { MINUTE_MS, schedule, type World } from "./state.ts";
import { ACCOUNT, edgesOf, entriesOf, orderOf, REGION } from "./topology.ts";

/** Builds the world of a scenario; its clock stands at `scenario.clockStartMs`, its fault is still to come. */
export const createWorld = (scenario: Scenario): World => {
  const { topology, clockStartMs } = scenario;
  const streams = `${scenario.seed}/${scenario.index}`;
  const world: World = {
    scenario,
    account: ACCOUNT,
    region: REGION,
    streams,
    clockStartMs,
    nowMs: clockStartMs,
    settledMs: clockStartMs,
    sequence: 0,
    agenda: [],
    resources: Object.fromEntries(initialStates(topology, clockStartMs, streams).map((state) => [state.arn, state])),
    order: orderOf(topology),
    edges: edgesOf(topology),
    entries: entriesOf(topology),
    disturbances: [],
    surges: [],
    open: {},
    metrics: {},
    impacts: [],
    openImpact: 0,
    impactStartedAtMs: null,
    troubles: {},
    alarms: initialAlarms(topology, clockStartMs, streams),
    alarmHistory: [],
    outbox: [],
    changes: [],
    effects: [],
    inputs: [],
    runs: [],
    pages: [],
    personComesAtMs: null,
    fault: { startedAtMs: null, memory: {} },
    log: [],
  };
  schedule(world, clockStartMs + MINUTE_MS, { kind: "minute" });
  for (const { arn, atMs } of scenario.benignReleases) schedule(world, atMs, { kind: "deploy-benign", arn });
  if (faultNamed(scenario.fault) !== null) {
    schedule(world, scenario.onsetMs, { kind: "fault", what: "start" });
    schedule(world, scenario.onsetMs + UNNOTICED_MS, { kind: "person-arrives" });
  }
  return world;
};

/** One line of JSON an event. The same scenario and the same inputs give the same bytes. */
export const eventLog = (world: World): string => world.log.map((line) => `${line}\n`).join("");

/** Hash of what API calls configure (task definitions, counts, versions, aliases), whatever the counters and the time. */
export const configurationHash = (world: World): string => {
  const configuration: Record<string, Json> = {};
  for (const [arn, state] of Object.entries(world.resources))
    configuration[arn] = behaviourOf(state).configuration(state);
  return hashOf(configuration);
};

/** An independent copy: the same inputs give the same bytes in both. */
export const fork = (world: World): World => structuredClone(world);
