import { join } from "node:path";
import type { Heads, Inference, Scene } from "./inference.ts";
import { InferenceFailed, type SessionProcess, startProcess } from "./start-process.ts";

export type IsolationOptions = Readonly<{
  /** Longer than this no scene is waited for. */
  deadlineMs?: number;
  /** Longer than this no process is waited for to open the model. */
  startMs?: number;
  /** A process that holds more memory than this while it runs is stopped (where the system tells: Linux). */
  mostBytes?: number;
  /** What runs the network. */
  program?: string;
}>;

const DEFAULTS = {
  deadlineMs: 2000,
  startMs: 20_000,
  mostBytes: 1_000_000_000,
  program: join(import.meta.dirname, "session-process.ts"),
};

/** One question at a time is on its way, so that a deadline is about that scene alone. */
type Turn = Readonly<{ scene: Scene; resolve: (heads: Heads) => void; reject: (why: InferenceFailed) => void }>;

/**
 * Runs the network in a process of its own. A thread would not do: one that is inside the network cannot be ended, and
 * Node exits only after its threads. What takes too long or too much memory is killed, its scene fails with
 * InferenceFailed, and the next one finds a fresh process, as it does where one died while nothing was asked. What is
 * closed fails whatever it is asked. Nothing here keeps the own process alive but a scene that is waited for.
 */
export const isolatedInference = (bytes: Uint8Array, members: number, options: IsolationOptions = {}): Inference => {
  const own = { ...DEFAULTS, ...options };
  const turns: Turn[] = [];
  let worker: SessionProcess | null = null;
  let isBusy = false;
  let isClosed = false;
  const drop = (): void => {
    worker?.kill();
    worker = null;
  };
  const take = async ({ scene, resolve, reject }: Turn): Promise<void> => {
    try {
      if (worker?.isDead() === true) drop();
      worker ??= startProcess(bytes, members, own);
      resolve(await worker.ask(scene));
    } catch (error) {
      drop();
      reject(error instanceof InferenceFailed ? error : new InferenceFailed(String(error)));
    }
  };
  const work = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) await take(turn);
    isBusy = false;
  };
  return {
    run: (scene) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(new InferenceFailed("the model was closed"));
        turns.push({ scene, resolve, reject });
        void work();
      }),
    close: async () => {
      isClosed = true;
      for (const { reject } of turns.splice(0)) reject(new InferenceFailed("the model was closed"));
      drop();
    },
  };
};
