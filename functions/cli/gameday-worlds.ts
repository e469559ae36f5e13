import type { WorldResult } from "./gameday-report.ts";
import type { Stage } from "./gameday-system.ts";
import { playWorld } from "./gameday-world.ts";

/** Hears that a world has ended, in whatever order they end. */
export type Ended = (index: number) => void;

/** The worlds of this gameday that have no result yet, in their order. */
const worldsLeft = ({ parameters, store }: Stage): readonly number[] => {
  const played = new Set(store.results().map(({ index }) => index));
  return Array.from({ length: parameters.incidents }, (_, index) => index).filter((index) => !played.has(index));
};

/**
 * Plays the worlds that are left, `abreast` of them at a time, and returns the results of all in the order of the worlds:
 * the same ones however many play at a time. Where a world throws, no other is begun; those in flight end first.
 */
export const playWorlds = async (stage: Stage, abreast: number, ended: Ended): Promise<readonly WorldResult[]> => {
  const left = worldsLeft(stage).values();
  let isBroken = false;
  const lane = async (): Promise<void> => {
    for (const index of left) {
      try {
        await playWorld(stage, index);
        ended(index);
      } catch (error) {
        isBroken = true;
        throw error;
      }
      if (isBroken) return;
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: abreast }, lane));
  for (const end of lanes) if (end.status === "rejected") throw end.reason;
  return stage.store.results();
};
