import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../adapters/files/write-whole.ts";
import { sha256 } from "../core/ids.ts";

const partSchema = z.strictObject({
  file: z.string(),
  rows: z.number(),
  sha256: z.string(),
  /** Of the rows that it was made from. */
  source: z.string(),
  /** Rows that could not be replayed. */
  unknown: z.number(),
  unknownKeys: z.array(z.string()),
  abstained: z.record(z.string(), z.number()),
});
/** One file of a scored log. */
export type ScoredPart = Readonly<z.infer<typeof partSchema>>;

const listSchema = z.strictObject({
  schema: z.literal(1),
  policy: z.string(),
  policy_hash: z.string(),
  features_hash: z.string(),
  catalogue_hash: z.string(),
  code_hash: z.string(),
  parts: z.array(partSchema),
});
/** What lies in a folder of scored rows: under which policy, by which code, and each file that is whole. */
export type ScoredList = Readonly<z.infer<typeof listSchema>>;

/** What a scored log follows from, beside its rows. */
export type ScoredBy = Omit<ScoredList, "schema" | "parts">;

const LIST = "scored.json";

/** The files that an earlier run left, of the same policy and code, and that are what they were when it listed them. */
export const partsLeft = (folder: string, by: ScoredBy): readonly ScoredPart[] => {
  const path = join(folder, LIST);
  const found = existsSync(path) ? listSchema.safeParse(jsonIn(path)) : null;
  if (found?.success !== true) return [];
  const { schema: _, parts, ...listed } = found.data;
  const isSame = Object.entries(by).every(([name, value]) => value === new Map(Object.entries(listed)).get(name));
  return isSame ? parts.filter((part) => isWhole(folder, part)) : [];
};

/** Written last: a file that it does not name was never whole. */
export const writeList = (folder: string, by: ScoredBy, parts: readonly ScoredPart[]): ScoredList => {
  const list: ScoredList = { schema: 1, ...by, parts: [...parts] };
  writeWhole(join(folder, LIST), [JSON.stringify(list, null, 2)]);
  return list;
};

const isWhole = (folder: string, { file, sha256: listed }: ScoredPart): boolean => {
  const path = join(folder, file);
  return existsSync(path) && sha256(readFileSync(path)) === listed;
};

const jsonIn = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
};
