import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../adapters/files/write-whole.ts";
import { hashOf } from "../core/ids.ts";
import type { Write } from "./errors.ts";
import { progressOn } from "./gameday-progress.ts";
import type { Screen } from "./screen.ts";

/** One piece of work that a stopped run need not do again. */
export type Step<T> = Readonly<{
  name: string;
  /** All that its result follows from; another one does the step again. It must be JSON. */
  from: unknown;
  shape: z.ZodType<T>;
  make: () => Promise<T>;
}>;

/** Does a step, or gives what an earlier run found. */
export type DoStep = <T>(step: Step<T>) => Promise<T>;

const kept = z.strictObject({ from: z.string(), result: z.unknown() });

/** Steps whose results lie in a folder, one file each; says of each what is done. */
export const stepsIn = (folder: string, say: Write): DoStep => {
  mkdirSync(folder, { recursive: true });
  return async ({ name, from, shape, make }) => {
    const path = join(folder, `${name}.json`);
    const hash = hashOf(from);
    const before = existsSync(path) ? kept.safeParse(jsonIn(path)) : null;
    const found = before?.success === true && before.data.from === hash ? shape.safeParse(before.data.result) : null;
    if (found?.success === true) {
      say(`quell: ${name}: as it was found before\n`);
      return found.data;
    }
    say(`quell: ${name} ...\n`);
    const result = await make();
    writeWhole(path, [JSON.stringify({ from: hash, result })]);
    return result;
  };
};

/** Shows on a live stderr how far a piece of work is, which hears of each part that is over. */
export const showing = async <T>(
  screen: Screen,
  total: number,
  what: string,
  work: (ended: () => void) => Promise<T>,
): Promise<T> => {
  const progress =
    screen.isErrorLive === true ? progressOn(screen.writeError, total, 0, () => performance.now(), what) : null;
  try {
    return await work(() => progress?.ended());
  } finally {
    progress?.close();
  }
};

const jsonIn = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
};
