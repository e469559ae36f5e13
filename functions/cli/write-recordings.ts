import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isoTime, sha256 } from "../core/ids.ts";
import { BadInput } from "./errors.ts";
import type { RecordedFiles } from "./recorded-files.ts";

/**
 * Writes each recording into a folder of its own in `outDir`; an existing one of that name is overwritten.
 * @returns the folders' names, sorted. @throws BadInput where they cannot be written.
 */
export const writeRecordings = (outDir: string, recordings: readonly RecordedFiles[]): readonly string[] => {
  const named = new Map(recordings.map((one) => [nameOf(one), one]));
  try {
    for (const [name, { files }] of named) write(outDir, name, files);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`${outDir}: cannot be written (${detail}); name a folder that exists and may be written`, {
      cause,
    });
  }
  return [...named.keys()].sort();
};

const write = (outDir: string, name: string, files: Readonly<Record<string, string>>): void => {
  for (const folder of [outDir, join(outDir, name)]) if (!existsSync(folder)) mkdirSync(folder);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(outDir, name, file), text);
};

/** Two incidents of one alarm at one time differ in the digest of what was recorded. */
const nameOf = ({ alarmName, changedAtMs, files }: RecordedFiles): string => {
  const time = isoTime(changedAtMs).replaceAll(/[-:]|\.\d+/g, "");
  const digest = sha256(Object.values(files).join("\n")).slice(0, 6);
  return `${alarmName.replaceAll(/[^A-Za-z0-9._-]+/g, "-")}-${time}-${digest}`;
};
