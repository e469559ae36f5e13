import { advance, nextEventMs, takeDeliveries } from "./advance.ts";
import { alarmHistory, alarmsOf } from "./alarms.ts";
import { call } from "./aws-api.ts";
import { configurationHash, createWorld, eventLog, fork } from "./create-world.ts";
import { changesOf, resourcesOf } from "./graph.ts";
import { logLines } from "./logs.ts";
import { metricValues } from "./metrics.ts";
import { page } from "./people.ts";
import { applyInput } from "./replay.ts";
import { runOf, runsOf, startAutomation, stopAutomation } from "./runs.ts";
import { impactMinutes, impactStartedAtMs, isHealthy } from "./truth.ts";

/**
 * The door of the simulated cloud: what other rooms use of it, and nothing else. Inside the room nobody passes it.
 * A world is plain data; functions that change it take it first.
 */
export type { World } from "./state.ts";
export {
  advance,
  alarmHistory,
  alarmsOf,
  applyInput,
  call,
  changesOf,
  configurationHash,
  createWorld,
  eventLog,
  fork,
  impactMinutes,
  impactStartedAtMs,
  isHealthy,
  logLines,
  metricValues,
  nextEventMs,
  page,
  resourcesOf,
  runOf,
  runsOf,
  startAutomation,
  stopAutomation,
  takeDeliveries,
};
