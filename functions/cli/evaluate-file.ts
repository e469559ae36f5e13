import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import { writeWhole } from "../adapters/files/write-whole.ts";
import type { JudgedDay } from "../rollout/evaluation-day.ts";
import { BadInput } from "./errors.ts";

/** One line of the file that is to be: a day of a world under a policy. */
export type Place = Pick<JudgedDay, "world" | "day" | "policy">;

/** Lines of judged days, a day's lines together, appended as the days are played. */
export type EvaluationFile = Readonly<{
  /** Days that were whole when it was opened. */
  whole: number;
  append: (days: readonly JudgedDay[]) => void;
}>;

/**
 * Opens the file to go on where it ends: of a day that is not whole, and of a half-written line, nothing is kept. What its
 * lines depend on is kept beside it, under its name and `.spec.json`. Throws BadInput where it holds something else.
 * @param days the lines of each day, in their order
 */
export const openEvaluation = (path: string, spec: object, days: readonly (readonly Place[])[]): EvaluationFile => {
  const keptPath = `${path}.spec.json`;
  const said = `${JSON.stringify(spec)}\n`;
  const isThere = existsSync(path);
  if (isThere) requireSame(path, keptPath, said);
  try {
    if (!isThere) writeWhole(keptPath, [said.trimEnd()]);
    const whole = isThere ? keepWhole(path, days) : 0;
    appendFileSync(path, "");
    return {
      whole,
      append: (judged) => appendFileSync(path, judged.map((one) => `${JSON.stringify(one)}\n`).join("")),
    };
  } catch (cause) {
    if (cause instanceof BadInput) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`--out ${path}: cannot be written (${why}); name a file in a folder that exists`, { cause });
  }
};

/** Throws BadInput, which says what differs, where the lines were made of something else. */
const requireSame = (path: string, keptPath: string, said: string): void => {
  const kept = existsSync(keptPath) ? readFileSync(keptPath, "utf8") : "";
  if (kept === said) return;
  const [before, now] = [keysIn(kept), keysIn(said)];
  const names = [...new Set([...before.keys(), ...now.keys()])].filter((name) => before.get(name) !== now.get(name));
  throw new BadInput(
    `--out ${path}: it was written with another spec or other models or other code (${names.join(", ")} differ); ` +
      "name another file, or go back to what it was written with",
  );
};

/** Each key of a text of JSON with its value as text; none where it is no object. */
const keysIn = (text: string): ReadonlyMap<string, string> => {
  try {
    return new Map(Object.entries(JSON.parse(text)).map(([name, value]) => [name, JSON.stringify(value)]));
  } catch {
    return new Map();
  }
};

/** Cuts off what follows the last whole day and returns how many there are. */
const keepWhole = (path: string, days: readonly (readonly Place[])[]): number => {
  const text = readFileSync(path, "utf8");
  const lines = text.split("\n").slice(0, -1);
  let whole = 0;
  let kept = 0;
  for (const places of days) {
    const own = lines.slice(kept, kept + places.length);
    for (const [index, line] of own.entries()) requirePlace(path, kept + index, line, places[index]);
    if (own.length < places.length) break;
    whole += 1;
    kept += places.length;
  }
  if (whole === days.length && lines.length > kept)
    throw new BadInput(`--out ${path}: line ${kept + 1}: the spec has no such day; name another file`);
  const bytes = lines.slice(0, kept).reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  truncateSync(path, bytes);
  return whole;
};

const requirePlace = (path: string, index: number, line: string, place: Place | undefined): void => {
  const found = placeIn(line);
  if (found?.world === place?.world && found?.day === place?.day && found?.policy === place?.policy) return;
  const wanted = `day ${place?.day} of world ${place?.world} under ${place?.policy}`;
  throw new BadInput(`--out ${path}: line ${index + 1}: not ${wanted}, which the spec has there; name another file`);
};

const placeIn = (line: string): Partial<Place> | null => {
  try {
    return JSON.parse(line) as Partial<Place> | null;
  } catch {
    return null;
  }
};
