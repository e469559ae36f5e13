import type { S3Client } from "@aws-sdk/client-s3";
import type { TrackRecord } from "../../core/ports.ts";
import { type PastRun, pastRunOf } from "../../core/track-record.ts";
import { episodeKeys, readEpisodes } from "./s3-episodes.ts";

/** Some 55 decisions a day over the 90 days that are looked back on; more take longer to read than they tell. */
const MOST_ROWS = 5_000;

/**
 * What became of earlier effects, from the episode rows in a bucket. A row never changes, so each is read once in the
 * life of the process, and what is kept of it is small. A span that no longer asks for a row forgets it.
 *
 * @param maxRows where more were decided in the span, the newest count
 * @throws AwsCallFailed, and on a row that cannot be read: an incomplete record would pass for a better or a worse one
 */
export const s3TrackRecord = (client: S3Client, bucket: string, maxRows = MOST_ROWS): TrackRecord => {
  let known: ReadonlyMap<string, PastRun | null> = new Map();
  return {
    since: async (fromMs, untilMs) => {
      const held = { client, name: bucket };
      const keys = (await episodeKeys(held, fromMs, untilMs)).slice(-maxRows);
      const fresh = keys.filter((key) => !known.has(key));
      const rows = await readEpisodes(held, fresh);
      const read = new Map(rows.map((row, index) => [fresh[index], pastRunOf(row)] as const));
      const before = known;
      const runs = new Map(keys.map((key) => [key, before.get(key) ?? read.get(key) ?? null]));
      known = runs;
      return [...runs.values()].filter(
        (run): run is PastRun => run !== null && run.decidedAtMs >= fromMs && run.decidedAtMs < untilMs,
      );
    },
  };
};
