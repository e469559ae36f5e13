import { readFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { type FileMetaData, parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import type { EpisodeRow } from "../../core/episode.ts";
import { COLUMNS, type Column, EPISODE_SCHEMA, type Kind } from "./episode-columns.ts";

/** A file that holds no episodes as their contract has them; says which file, which row from 0, and which rule. */
export class BadEpisodes extends Error {
  override name = "BadEpisodes";
}

type Raw = Readonly<Record<string, unknown>>;
type Rule<Row> = readonly [rule: string, holds: (row: Row) => boolean];

const bad = (path: string, where: string, rule: string): BadEpisodes =>
  new BadEpisodes(`${path}: ${where}: ${rule}; write the file again with this version of quell`);

const IS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  int32: (value) => typeof value === "number",
  int64: (value) => typeof value === "bigint",
  float: (value) => typeof value === "number",
  double: (value) => typeof value === "number",
};

const holdsColumn = ({ name, kind, list, nullable }: Column, row: Raw): boolean => {
  const value = row[name] ?? null;
  if (value === null) return nullable;
  return list ? Array.isArray(value) && value.every(IS[kind]) : IS[kind](value);
};

/** The words that a column may hold; the empty one where nothing is to be said. */
export const WORDS = {
  source: ["oncall", "agent", "shadow"],
  stage: ["shadow", "ask", "auto", ""],
  human_response: ["none", "approved", "chose_other", "rejected", "expired", "already_recovered", "took_over"],
  exit_status: ["none", "succeeded", "failed", "stopped", "timed-out", "unknown"],
  harm: ["none", "suspected", "confirmed", "unknown"],
  recovered_by: ["action", "self", "human", "unknown", ""],
  end: ["none", "recovered", "handed_over", "false_alarm", "open"],
} as const satisfies { readonly [Name in keyof EpisodeRow]?: readonly EpisodeRow[Name][] };

/** What must hold of one row before anything else is read from it. */
const SHAPES: readonly Rule<Raw>[] = [
  ["schema_version is 1 in every row", (row) => row.schema_version === 1],
  ...COLUMNS.map((column): Rule<Raw> => [`${column.name} is ${column.written}`, (row) => holdsColumn(column, row)]),
  ...Object.entries(WORDS).map(
    ([name, words]): Rule<Raw> => [
      `${name} is one of ${words.map((word) => JSON.stringify(word)).join(", ")}`,
      (row) => words.some((word) => word === row[name]),
    ],
  ),
];

const PER_CANDIDATE = [
  "runbook_id",
  "drafted_by",
  "tier",
  "consents",
  "allowed",
  "refused_because",
  "probability",
  "tie_set",
] as const;

const perCandidate = (name: (typeof PER_CANDIDATE)[number]): Rule<EpisodeRow> => [
  `${name} has one element for each of candidate_key`,
  (row) => (row[name] ?? row.candidate_key).length === row.candidate_key.length,
];

/** Whether a list holds the same number of elements, at least one, for each candidate; none where there is none. */
const inRows = (list: readonly number[], { candidate_key }: EpisodeRow): boolean =>
  candidate_key.length === 0 ? list.length === 0 : list.length > 0 && list.length % candidate_key.length === 0;

const isIndex = (index: number, { candidate_key }: EpisodeRow): boolean => index >= -1 && index < candidate_key.length;

const RULES: readonly Rule<EpisodeRow>[] = [
  ...PER_CANDIDATE.map(perCandidate),
  ["candidates has a vector for each of candidate_key", (row) => inRows(row.candidates, row)],
  ["q has a value for each of candidate_key and member", (row) => row.q === null || inRows(row.q, row)],
  [
    "probability lies in 0..1 and sums to 1 within 1e-9",
    ({ probability }) =>
      probability === null ||
      (probability.every((one) => one >= 0 && one <= 1) &&
        Math.abs(probability.reduce((sum, one) => sum + one, 0) - 1) <= 1e-9),
  ],
  ["executed is the index of a candidate or -1", (row) => isIndex(row.executed, row)],
  ["proposed is the index of a candidate or -1", (row) => isIndex(row.proposed, row)],
];

const check = <Row>(path: string, index: number, row: Row, rules: readonly Rule<Row>[]): void => {
  const broken = rules.find(([, holds]) => !holds(row));
  if (broken !== undefined) throw bad(path, `row ${index}`, broken[0]);
};

const rowFrom = (path: string, raw: Raw, index: number): EpisodeRow => {
  check(path, index, raw, SHAPES);
  const value = ({ name, kind }: Column) => {
    const one = raw[name] ?? null;
    return kind === "int64" && one !== null ? Number(one) : one;
  };
  const row = Object.fromEntries(COLUMNS.map((column) => [column.name, value(column)])) as EpisodeRow;
  check(path, index, row, RULES);
  return row;
};

/** Names and types of the columns, to be compared: what may be null is told by the rows themselves. */
const shapeOf = (schema: FileMetaData["schema"]): ReadonlyMap<string, string> =>
  new Map(
    parquetSchema({ schema }).children.map(({ element, children }) => {
      const leaf = children[0]?.children[0]?.element ?? element;
      return [element.name, `${element.converted_type ?? ""} ${leaf.type ?? ""} ${leaf.converted_type ?? ""}`];
    }),
  );

const checkColumns = (path: string, schema: FileMetaData["schema"]): void => {
  const found = shapeOf(schema);
  const wanted = shapeOf([...EPISODE_SCHEMA]);
  for (const { name, written } of COLUMNS) {
    if (!found.has(name)) throw bad(path, "columns", `${name} is missing`);
    if (found.get(name) !== wanted.get(name)) throw bad(path, "columns", `${name} is not ${written}`);
  }
  const unknown = [...found.keys()].find((name) => !wanted.has(name));
  if (unknown !== undefined) throw bad(path, "columns", `${unknown} is not a column of an episode`);
};

const readable = async <T>(path: string, read: () => T | Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    throw new BadEpisodes(`${path}: not a whole Parquet file; write it again`, { cause: error });
  }
};

/** The rows of one episode file, in their order. Throws BadEpisodes at the first thing that its contract forbids. */
export const readEpisodes = async (path: string): Promise<readonly EpisodeRow[]> => {
  const file = new Uint8Array(readFileSync(path)).buffer;
  const metadata = await readable(path, () => parquetMetadata(file));
  checkColumns(path, metadata.schema);
  const compressors = { ZSTD: (page: Uint8Array) => new Uint8Array(zstdDecompressSync(page)) };
  const rows = await readable(path, () => parquetReadObjects({ file, metadata, compressors }));
  return rows.map((row, index) => rowFrom(path, row, index));
};
