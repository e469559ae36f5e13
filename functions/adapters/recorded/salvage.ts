import { z } from "zod";
import { parseTimestamp } from "../aws/timestamp.ts";

/** What could be read of one file, and sentences on what could not: they count, they never quote. */
export type Salvaged<T> = Readonly<{ rows: T; dropped: readonly string[] }>;

/** A time as AWS writes it, or integer milliseconds since the epoch as CloudWatch Logs counts them. */
export const recordedTime = z.union([z.int().nonnegative(), z.string()]).transform((written, context) => {
  const atMs = typeof written === "number" ? written : parseTimestamp(written);
  if (atMs !== null) return atMs;
  context.issues.push({ code: "custom", message: "expected an ISO 8601 time", input: written });
  return z.NEVER;
});

/**
 * Reads a JSON array as far as it is one. NaN and Infinity, which some writers leave bare, become null; of an array
 * that was cut off the complete elements are kept. @returns null where the text holds no array.
 */
export const readJsonArray = (text: string): Salvaged<readonly unknown[]> | null => {
  const written = text.replace(/^\uFEFF/, "");
  const clean = parseJson(written);
  if (clean !== undefined) return Array.isArray(clean) ? { rows: clean, dropped: [] } : null;
  const { rows: content, dropped } = withoutBareNumbers(written);
  const whole = parseJson(content);
  if (Array.isArray(whole)) return { rows: whole, dropped };
  if (whole !== undefined || !content.trimStart().startsWith("[")) return null;
  const rows = completeElements(content).flatMap((element) => parseJson(element) ?? []);
  return { rows, dropped: [...dropped, `not JSON to its end: ${rows.length} complete elements were kept`] };
};

/** Reads JSON lines, skipping what is none. */
export const readJsonLines = (text: string): Salvaged<readonly unknown[]> => {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const rows = lines.map(parseJson).filter((row) => row !== undefined);
  return { rows, dropped: count(lines.length - rows.length, "lines are no JSON") };
};

/** Parses each row; what does not fit is counted under `what`. */
export const fitting = <T>(schema: z.ZodType<T>, rows: readonly unknown[], what: string): Salvaged<readonly T[]> => {
  const good = rows.flatMap((row) => {
    const parsed = schema.safeParse(row);
    return parsed.success ? [parsed.data] : [];
  });
  return { rows: good, dropped: count(rows.length - good.length, what) };
};

/** One sentence for what was dropped, none where nothing was. */
export const count = (number: number, what: string): readonly string[] => (number > 0 ? [`${number} ${what}`] : []);

/** The JSON value of a text, or undefined where it is none. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller counts it
  }
};

const withoutBareNumbers = (text: string): Salvaged<string> => {
  const bare = tokensOutsideStrings(text).filter(({ token }) => token.length > 1);
  const pieces = bare.map(({ index }, nth) => {
    const previous = bare[nth - 1];
    return text.slice(previous === undefined ? 0 : previous.index + previous.token.length, index);
  });
  const last = bare.at(-1);
  const rest = last === undefined ? text : text.slice(last.index + last.token.length);
  return { rows: [...pieces, rest].join("null"), dropped: count(bare.length, "values are NaN or infinite") };
};

/** The texts of an array's elements (objects and arrays only) that are complete; the array itself may be cut off. */
const completeElements = (text: string): readonly string[] => {
  const elements: string[] = [];
  let depth = 0;
  let startedAt = 0;
  for (const { token, index } of tokensOutsideStrings(text)) {
    if (token === "{" || token === "[") {
      depth += 1;
      if (depth === 2) startedAt = index;
    } else if (token === "}" || token === "]") {
      depth -= 1;
      if (depth === 1) elements.push(text.slice(startedAt, index + 1));
    }
  }
  return elements;
};

type Token = Readonly<{ token: string; index: number }>;

/** Brackets, braces and bare NaN or Infinity outside of strings. No expression spans a string: it may be megabytes. */
const tokensOutsideStrings = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  const next = /["{}[\]]|-?\b(?:NaN|Infinity)\b/g;
  for (let match = next.exec(text); match !== null; match = next.exec(text)) {
    const { 0: token, index } = match;
    if (token !== '"') tokens.push({ token, index });
    else next.lastIndex = endOfString(text, index) + 1;
  }
  return tokens;
};

/** Where the string that opens at `startedAt` closes: the text's end where it does not. */
const endOfString = (text: string, startedAt: number): number => {
  for (let at = text.indexOf('"', startedAt + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
};
