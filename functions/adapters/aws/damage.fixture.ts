import type { Json } from "../../core/json.ts";

/** Where a value stands within a JSON document. */
export type Path = readonly (string | number)[];

/** Every place in a document, the document itself first. */
export const pathsOf = (value: Json, path: Path = []): readonly Path[] =>
  typeof value !== "object" || value === null
    ? [path]
    : [path, ...Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]))];

/** A copy of the value in which the part at `path` is replaced, or dropped where `change` is undefined. */
export const changed = (value: Json, path: Path, change: Json | undefined): Json | undefined => {
  const [key, ...rest] = path;
  if (key === undefined) return change;
  const entries = Object.entries(value as Record<string, Json>).flatMap(([name, child]) => {
    const next = name === String(key) ? changed(child, rest, change) : child;
    return next === undefined ? [] : [[name, next] as const];
  });
  return Array.isArray(value) ? entries.map(([, child]) => child) : Object.fromEntries(entries);
};
