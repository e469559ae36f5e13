import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { BadInput } from "./errors.ts";
import { nabRecording, peakAlarm, unusualAlarm } from "./nab-recording.ts";
import { metricNamed, readPoints } from "./nab-series.ts";
import type { RecordedFiles } from "./recorded-files.ts";
import { writeRecordings } from "./write-recordings.ts";

/** The folders that were written, sorted, and a sentence on each thing that could not be used or never happened. */
export type RecordedNab = Readonly<{ folders: readonly string[]; notes: readonly string[] }>;

/**
 * Writes recorded incidents into `outDir` from the CSV files under `fromDir`, series of CloudWatch out of the Numenta
 * Anomaly Benchmark: for each one where an alarm on unusual values first goes off, and one at its largest value. The
 * benchmark's labels are not read. Existing recordings of the same names are overwritten.
 * @throws BadInput where there is no series, where one has no usable line, and where nothing can be written.
 */
export const recordNab = (fromDir: string, outDir: string): RecordedNab => {
  const files = filesOf(fromDir);
  const series = files.flatMap((file) => {
    const named = metricNamed(basename(file, ".csv"));
    return named === null ? [] : [recordSeries(file, named)];
  });
  if (series.length === 0)
    throw new BadInput(`${fromDir}: holds no CloudWatch series; name NAB's folder realAWSCloudwatch, or one above it`);
  const notes = files
    .filter((file) => metricNamed(basename(file, ".csv")) === null)
    .map((file) => `${file}: not a CloudWatch series by its name: left out`);
  return {
    folders: writeRecordings(
      outDir,
      series.flatMap(({ recordings }) => recordings),
    ),
    notes: [...notes, ...series.flatMap((one) => one.notes)],
  };
};

const filesOf = (fromDir: string): readonly string[] => {
  try {
    return readdirSync(fromDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".csv"))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (cause) {
    throw new BadInput(`${fromDir}: cannot be read; name the folder of NAB's CSV files`, { cause });
  }
};

type RecordedSeries = Readonly<{ recordings: readonly RecordedFiles[]; notes: readonly string[] }>;

const recordSeries = (file: string, named: NonNullable<ReturnType<typeof metricNamed>>): RecordedSeries => {
  const { points, leftOut } = readPoints(textOf(file));
  if (points.length === 0)
    throw new BadInput(`${file}: no line holds a time and a number; write lines like "2014-02-14 14:30:00,0.132"`);
  const [unusual, peak] = [unusualAlarm(points), peakAlarm(points)];
  return {
    recordings: [unusual, peak].flatMap((alarm) => (alarm === null ? [] : [nabRecording(named, points, alarm)])),
    notes: [
      ...leftOut.map(({ line, because }) => `${file}:${line}: ${because}: left out`),
      ...(unusual === null ? [`${file}: never unusual three times on end: no incident of that kind`] : []),
      ...(peak === null ? [`${file}: largest at its first value: no incident of that kind`] : []),
    ],
  };
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new BadInput(`${file}: cannot be read; repair or remove it`, { cause });
  }
};
