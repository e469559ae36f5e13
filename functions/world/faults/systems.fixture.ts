import { scenarioWith } from "../scenario.ts";
import { buildSystem, type System } from "../system.ts";

/** Thirty systems in which a fault can happen. */
export const systemsFor = (fault: string): readonly System[] =>
  Array.from({ length: 30 }, (_, index) => {
    const { topology, clockStartMs } = scenarioWith(81, index, fault);
    return buildSystem(topology, clockStartMs, `81/${index}`);
  });
