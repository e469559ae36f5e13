import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { EpisodeRow } from "../../core/episode.ts";
import { writeWhole } from "../files/write-whole.ts";
import { COLUMNS, type Column, EPISODE_SCHEMA } from "./episode-columns.ts";

const valuesOf = (column: Column, rows: readonly EpisodeRow[]): unknown[] =>
  rows.map((row) => {
    const value = row[column.name];
    return column.kind === "int64" && value !== null ? BigInt(value as number) : value;
  });

/**
 * Writes rows as one Parquet file (zstd), in their order; an older file of the name is replaced whole. `state` and
 * `candidates` keep the precision of a float32. Throws, and leaves what was there, where a value does not fit its column.
 */
export const writeEpisodes = (
  path: string,
  rows: readonly EpisodeRow[],
): Readonly<{ bytes: number; sha256: string }> => {
  const bytes = new Uint8Array(
    parquetWriteBuffer({
      schema: [...EPISODE_SCHEMA],
      columnData: COLUMNS.map((column) => ({ name: column.name, data: valuesOf(column, rows) })),
      codec: "ZSTD",
      compressors: { ZSTD: (page) => zstdCompressSync(page) },
      createdBy: "quell",
    }),
  );
  writeWhole(path, bytes);
  return { bytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
};
