import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isoTime, sha256 } from "../core/ids.ts";
import { BadInput } from "./errors.ts";
import { type NamedDocument, parseDocument, readIncident } from "./opensre-documents.ts";
import { type RecordedFiles, recordedFiles } from "./opensre-recording.ts";

/**
 * Writes one recorded incident into `outDir` for each folder of `fromDir`, a set of opensre's synthetic RDS incidents.
 * What a folder is called, its title, its answer and its labels of the cause play no part: a recording is named after
 * its alarm and the alarm's time. An existing recording of that name is overwritten.
 * @returns the recordings' folder names, sorted. @throws BadInput where a folder holds no such incident.
 */
export const recordOpensre = (fromDir: string, outDir: string): readonly string[] => {
  const folders = foldersOf(fromDir);
  if (folders.length === 0)
    throw new BadInput(`${fromDir}: holds no folder; name the folder of the incidents' folders`);
  const recordings = new Map(
    folders.map((folder) => recordFolder(join(fromDir, folder))).map((one) => [nameOf(one), one]),
  );
  try {
    for (const [name, { files }] of recordings) write(outDir, name, files);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`${outDir}: cannot be written (${detail}); name a folder that exists and may be written`, {
      cause,
    });
  }
  return [...recordings.keys()].sort();
};

const write = (outDir: string, name: string, files: Readonly<Record<string, string>>): void => {
  for (const folder of [outDir, join(outDir, name)]) if (!existsSync(folder)) mkdirSync(folder);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(outDir, name, file), text);
};

const foldersOf = (fromDir: string): readonly string[] => {
  try {
    return readdirSync(fromDir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (cause) {
    throw new BadInput(`${fromDir}: cannot be read; name the folder of the incidents' folders`, { cause });
  }
};

const recordFolder = (folder: string): RecordedFiles => {
  const incident = readIncident(
    readdirSync(folder)
      .filter((file) => file.endsWith(".json"))
      .sort()
      .map((file) => readDocument(folder, file)),
  );
  if (incident === null) {
    throw new BadInput(`${folder}: holds no alert with CloudWatch metrics; name a folder of RDS incidents`);
  }
  return recordedFiles(incident);
};

const readDocument = (folder: string, file: string): NamedDocument => {
  try {
    return { name: basename(file, ".json"), value: parseDocument(readFileSync(join(folder, file), "utf8")) };
  } catch (cause) {
    throw new BadInput(`${join(folder, file)}: cannot be read as JSON; repair or remove it`, { cause });
  }
};

/** Two incidents of one alarm at one time differ in the digest of what was recorded. */
const nameOf = ({ alarmName, changedAtMs, files }: RecordedFiles): string => {
  const time = isoTime(changedAtMs).replaceAll(/[-:]|\.\d+/g, "");
  const digest = sha256(Object.values(files).join("\n")).slice(0, 6);
  return `${alarmName.replaceAll(/[^A-Za-z0-9._-]+/g, "-")}-${time}-${digest}`;
};
