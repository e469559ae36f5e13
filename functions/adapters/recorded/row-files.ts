import { z } from "zod";
import type { Change, LogLine } from "../../core/evidence.ts";
import { count, fitting, readJsonArray, readJsonLines, recordedTime, type Salvaged } from "./salvage.ts";

/** A resource as it was recorded. `attributes` and `zones` are optional in the file. */
export type RecordedResource = Readonly<{
  arn: string;
  type: string;
  tags: Readonly<Record<string, string>>;
  dependsOn: readonly string[];
  attributes: Readonly<Record<string, number | string | boolean | null>>;
  zones: number;
}>;

const logLine = z
  .object({ timestamp: recordedTime, logGroup: z.string().min(1), message: z.string() })
  .transform(({ timestamp, logGroup, message }): LogLine => ({ atMs: timestamp, logGroup, message }));

/** Reads logs.jsonl, sorted by time. */
export const readLogs = (text: string): Salvaged<readonly LogLine[]> => {
  const lines = readJsonLines(text);
  const fits = fitting(logLine, lines.rows, "lines have fields that are missing or of another type");
  return { rows: fits.rows.toSorted((a, b) => a.atMs - b.atMs), dropped: [...lines.dropped, ...fits.dropped] };
};

const words = z.string().catch("");
const version = z.string().nullable().catch(null).default(null);
const change = z
  .object({
    kind: z.enum(["deployment", "commit", "config"]),
    at: recordedTime,
    target: words,
    ref: words,
    from: version,
    to: version,
    author: words,
    title: words,
  })
  .transform(({ at, ...rest }): Omit<Change, "id"> => ({ ...rest, atMs: at }));

/** Reads changes.json, sorted by time; an id is the place in that order, so it stays the same as time goes on. */
export const readChanges = (text: string): Salvaged<readonly Change[]> | null => {
  const array = readJsonArray(text);
  if (array === null) return null;
  const fits = fitting(change, array.rows, "changes have fields that are missing or of another type");
  const sorted = fits.rows.toSorted((a, b) => a.atMs - b.atMs);
  return {
    rows: sorted.map((one, index) => ({ id: `change-${index + 1}`, ...one })),
    dropped: [...array.dropped, ...fits.dropped],
  };
};

const resource = z.object({
  arn: z.string().regex(/^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$/),
  type: z.string().min(1),
  tags: z.record(z.string(), z.string()).catch({}),
  dependsOn: z.array(z.string()).catch([]),
  attributes: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])).catch({}),
  zones: z.int().positive().catch(1),
});

/** Reads resources.json; the first of several with the same ARN is kept. */
export const readResources = (text: string): Salvaged<readonly RecordedResource[]> | null => {
  const array = readJsonArray(text);
  if (array === null) return null;
  const fits = fitting(resource, array.rows, "resources have no ARN or no type");
  const first = fits.rows.filter(({ arn }, index) => fits.rows.findIndex((one) => one.arn === arn) === index);
  return {
    rows: first,
    dropped: [
      ...array.dropped,
      ...fits.dropped,
      ...count(fits.rows.length - first.length, "resources repeat an ARN: the first was kept"),
    ],
  };
};
