import { scenarioWith } from "../scenario.ts";
import { MINUTE_MS, type World } from "../state.ts";
import type { Topology } from "../topology.ts";
import { advance, createWorld } from "../world.ts";

const own = { retries: 1, timeoutMs: 2000, isAsync: false } as const;

/** Three services and a provider: web calls stock over TLS, stock has flags and pays with every other call. */
const EDGES: Topology = {
  system: "shop",
  peakHour: 14,
  services: [
    {
      ...{ name: "web", role: "front", blueprint: "ecs-web", severity: 1, entryPerSecond: 200, perSecond: 200 },
      calls: [
        { to: "stock", callsPerRequest: 0.5, ...own },
        { to: "quotes", callsPerRequest: 0.5, ...own },
      ],
    },
    {
      ...{ name: "quotes", role: "inner", blueprint: "ecs-balanced-tls", severity: 2, entryPerSecond: null },
      ...{ perSecond: 100, calls: [] },
    },
    {
      ...{ name: "stock", role: "inner", blueprint: "ecs-connected-flagged", severity: 2, entryPerSecond: null },
      ...{ perSecond: 100, calls: [{ to: "payments", callsPerRequest: 0.5, ...own }] },
    },
    {
      ...{ name: "payments", role: "outside", blueprint: "outside-api", severity: 3, entryPerSecond: null },
      ...{ perSecond: 50, calls: [] },
    },
  ],
};

/** Those four, ten minutes after the clock's start, with nothing else to come. */
export const edgeWorld = (): World => {
  const scenario = { ...scenarioWith(5, 5, "none", { topology: EDGES }), benignChanges: [] };
  const world = createWorld(scenario);
  advance(world, world.clockStartMs + 10 * MINUTE_MS);
  return world;
};
