import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { EpisodeRow } from "../../core/episode.ts";
import { writeWhole } from "../files/write-whole.ts";
import { COLUMNS, type Column, type ScoredRow, schemaOf, TARGET_PROB } from "./episode-columns.ts";

type Written = Readonly<{ bytes: number; sha256: string }>;
type Row = EpisodeRow & Partial<ScoredRow>;

const valuesOf = (column: Column, rows: readonly Row[]): unknown[] =>
  rows.map((row) => {
    const value = row[column.name] ?? null;
    return column.kind === "int64" && value !== null ? BigInt(value as number) : value;
  });

/**
 * Writes rows as one Parquet file (zstd), in their order; an older file of the name is replaced whole. `state` and
 * `candidates` keep the precision of a float32. Throws, and leaves what was there, where a value does not fit its column.
 */
export const writeEpisodes = (path: string, rows: readonly EpisodeRow[]): Written => writeRows(path, rows, COLUMNS);

/** The same, with what another policy would have proposed. */
export const writeScored = (path: string, rows: readonly ScoredRow[]): Written =>
  writeRows(path, rows, [...COLUMNS, TARGET_PROB]);

const writeRows = (path: string, rows: readonly Row[], columns: readonly Column[]): Written => {
  const bytes = new Uint8Array(
    parquetWriteBuffer({
      schema: [...schemaOf(columns)],
      columnData: columns.map((column) => ({ name: column.name, data: valuesOf(column, rows) })),
      codec: "ZSTD",
      compressors: { ZSTD: (page) => zstdCompressSync(page) },
      createdBy: "quell",
    }),
  );
  writeWhole(path, bytes);
  return { bytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
};
