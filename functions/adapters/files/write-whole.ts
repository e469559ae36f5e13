import { closeSync, openSync, renameSync, writeSync } from "node:fs";

/** Writes a file line by line; an existing one is replaced whole. Throws where its folder cannot be written. */
export const writeWhole = (path: string, lines: Iterable<string>): void => {
  // A crash in the middle leaves the old file and one with a name of its own, never half a file under the name.
  const half = `${path}.half`;
  const file = openSync(half, "w");
  try {
    for (const line of lines) writeSync(file, `${line}\n`);
  } finally {
    closeSync(file);
  }
  renameSync(half, path);
};
