import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file of these bytes, or of these lines; an existing one is replaced whole. The name appears with all of its bytes
 * on the disk, or not at all: a crash leaves at most a `.half` beside it. Throws, and leaves what was there, where the
 * folder cannot be written or the lines fail.
 */
export const writeWhole = (path: string, content: Uint8Array | Iterable<string>): void => {
  const half = `${path}.half`;
  try {
    synced(half, "w", (file) => {
      if (content instanceof Uint8Array) writeFileSync(file, content);
      else for (const line of content) writeSync(file, `${line}\n`);
    });
    renameSync(half, path);
  } catch (error) {
    rmSync(half, { force: true });
    throw error;
  }
  // The name itself is an entry of the folder.
  synced(dirname(path), "r", () => {});
};

const synced = (path: string, flags: "r" | "w", write: (file: number) => void): void => {
  const file = openSync(path, flags);
  try {
    write(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};
