import { AsyncLocalStorage } from "node:async_hooks";

/**
 * A Lambda sandbox that can be killed. Code that runs inside an invocation kills it with `die`, whose promise never
 * settles; a port wrapped in `call` starts nothing and answers nothing once its sandbox is dead.
 */
export type Sandbox = Readonly<{
  /** Kills the invocation that this code runs in. Throws when it runs in none. */
  die: () => Promise<never>;
  /** Runs the work unless the sandbox around it is dead; an answer that comes after the death is lost. */
  call: <T>(work: () => Promise<T>) => Promise<T>;
  /** For the engine: runs one invocation. Ends with its value, with its error, or with its death. */
  run: <T>(invocation: (life: Life) => Promise<T>) => Promise<Ending<T>>;
}>;

/** One invocation's life: `isOver` is read by whoever must not act for the dead. */
export type Life = Readonly<{ isOver: () => boolean; end: () => void }>;
export type Ending<T> =
  | Readonly<{ kind: "answered"; answer: T }>
  | Readonly<{ kind: "threw"; error: unknown }>
  | Readonly<{ kind: "died" }>;

/** A promise that never settles: what the dead wait for. */
export const never = (): Promise<never> => new Promise(() => {});

export const createSandbox = (): Sandbox => {
  const lives = new AsyncLocalStorage<Life>();
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    const life = lives.getStore();
    if (life?.isOver()) return never();
    try {
      const answer = await work();
      return life?.isOver() ? never() : answer;
    } catch (error) {
      if (life?.isOver()) return never();
      throw error;
    }
  };
  return {
    call,
    die: () => {
      const life = lives.getStore();
      if (life === undefined) throw new Error("only code inside an invocation can kill its sandbox");
      life.end();
      return never();
    },
    run: (invocation) => {
      const death = Promise.withResolvers<Ending<never>>();
      let isOver = false;
      const life: Life = {
        isOver: () => isOver,
        end: () => {
          isOver = true;
          death.resolve({ kind: "died" });
        },
      };
      const answer = lives
        .run(life, () => invocation(life))
        .then(
          (value) => ({ kind: "answered", answer: value }) as const,
          (error: unknown) => ({ kind: "threw", error }) as const,
        );
      return Promise.race([death.promise, answer]);
    },
  };
};
