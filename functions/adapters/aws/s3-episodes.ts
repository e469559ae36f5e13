import type { S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import type { EpisodeRow } from "../../core/episode.ts";
import type { Episodes } from "../../core/ports.ts";
import { type Bucket, dayOf, keyPart, listKeys, putOnce, readObjects } from "./s3-objects.ts";

const PREFIX = "episodes/";

/** Where a version of a row lies: by the day of its decision, so that a span of days is one stretch of keys. */
export const episodeKey = (row: Pick<EpisodeRow, "decided_at" | "decision_id" | "row_version">): string => {
  const decision = keyPart(row.decision_id.replaceAll("/", "_"));
  return `${PREFIX}${dayOf(row.decided_at)}/${decision}-${row.row_version}.json`;
};

/**
 * Episode rows as objects of a bucket. A row that lies there stays: a correction is another version. Appending again
 * after a lost answer is a success. Throws AwsCallFailed.
 */
export const s3Episodes = (client: S3Client, bucket: string): Episodes => ({
  append: async (row) => {
    await putOnce({ client, name: bucket }, episodeKey(row), JSON.stringify(row));
  },
});

/**
 * The keys of the newest version of every row that was decided in these days, oldest day first. Throws AwsCallFailed.
 * @param fromMs of the first day, and @param toMs of the last: both days whole
 */
export const episodeKeys = async (bucket: Bucket, fromMs: number, toMs: number): Promise<readonly string[]> => {
  const lastDay = dayOf(toMs);
  const isPast = (key: string): boolean => key.slice(PREFIX.length, PREFIX.length + lastDay.length) > lastDay;
  const newest = new Map<string, Readonly<{ key: string; version: number }>>();
  for (const key of await listKeys(bucket, PREFIX, `${PREFIX}${dayOf(fromMs)}/`, isPast)) {
    const [, decision = key, version = "-1"] = /^(.*)-([0-9]+)\.json$/.exec(key) ?? [];
    if (Number(version) > (newest.get(decision)?.version ?? -1))
      newest.set(decision, { key, version: Number(version) });
  }
  return [...newest.values()].map(({ key }) => key);
};

/** Reads rows by their keys, in that order. Throws AwsCallFailed, and on what is no row: it names the object. */
export const readEpisodes = async (bucket: Bucket, keys: readonly string[]): Promise<readonly EpisodeRow[]> => {
  const texts = await readObjects(bucket, keys);
  return keys.map((key, index) => parseRow(texts[index] ?? "", `${key} in ${bucket.name}`));
};

/** Enough to tell a row from anything else; the rest was written by us, and never changed since. */
const shape = z.looseObject({
  ...{ schema_version: z.literal(1), row_version: z.int(), decision_id: z.string(), incident_id: z.string() },
  ...{ decided_at: z.number(), state: z.array(z.number()), executed_runbook: z.string(), exit_status: z.string() },
  ...{ recovered: z.boolean(), recovered_by: z.string(), harm: z.string(), matured_at: z.number().nullable() },
});

const parseRow = (text: string, where: string): EpisodeRow => {
  try {
    return shape.parse(JSON.parse(text)) as unknown as EpisodeRow;
  } catch (cause) {
    throw new Error(`${where}: no episode row; put back the version of the object that was`, { cause });
  }
};
