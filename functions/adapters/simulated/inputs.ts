import type { World } from "../../world/state.ts";
import type { WorldInput } from "../../world/types.ts";

/** Keeps one input of a world, for good, before it returns: the world is rebuilt from what was kept. */
export type KeepInput = (input: WorldInput) => void;

/**
 * Changes the world and keeps the inputs that it noted, with nothing in between that could wait. A world lives in memory
 * alone, so a kill before the input is kept takes the change along: it never happened, and nobody had seen its reply.
 * After a kill the caller, whose step has no checkpoint yet, asks again, and the world finds what it already has.
 */
export const keepingInputs = <Reply>(world: World, keepInput: KeepInput, change: () => Reply): Reply => {
  const known = world.inputs.length;
  const reply = change();
  for (const input of world.inputs.slice(known)) keepInput(input);
  return reply;
};
