import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { BadInput } from "./errors.ts";
import { clusterRecording } from "./opensre-cluster.ts";
import { type NamedDocument, type OpensreIncident, parseDocument, readIncident } from "./opensre-documents.ts";
import { databaseRecording } from "./opensre-recording.ts";
import type { RecordedFiles } from "./recorded-files.ts";
import { writeRecordings } from "./write-recordings.ts";

/**
 * Writes one recorded incident into `outDir` for each folder of `fromDir`, a set of opensre's synthetic RDS or EKS
 * incidents. What a folder is called, its title, its answer and its labels of the cause play no part: a recording is
 * named after its alarm and the alarm's time. An existing recording of that name is overwritten.
 * @returns the recordings' folder names, sorted. @throws BadInput where a folder holds no such incident.
 */
export const recordOpensre = (fromDir: string, outDir: string): readonly string[] => {
  const folders = foldersOf(fromDir);
  if (folders.length === 0)
    throw new BadInput(`${fromDir}: holds no folder; name the folder of the incidents' folders`);
  return writeRecordings(
    outDir,
    folders.map((folder) => recordFolder(join(fromDir, folder))),
  );
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
  const recording = incident === null ? null : recordingOf(incident);
  if (recording !== null) return recording;
  throw new BadInput(
    `${folder}: holds no alert with CloudWatch metrics, nor one that names a cluster with documents that tell a time; name a folder of RDS or EKS incidents`,
  );
};

const recordingOf = (incident: OpensreIncident): RecordedFiles | null =>
  incident.kind === "database" ? databaseRecording(incident) : clusterRecording(incident);

const readDocument = (folder: string, file: string): NamedDocument => {
  try {
    return { name: basename(file, ".json"), value: parseDocument(readFileSync(join(folder, file), "utf8")) };
  } catch (cause) {
    throw new BadInput(`${join(folder, file)}: cannot be read as JSON; repair or remove it`, { cause });
  }
};
