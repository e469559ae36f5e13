import { readFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { type FileMetaData, parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import type { EpisodeRow } from "../../core/episode.ts";
import { COLUMNS, type Column, type Kind, type ScoredRow, schemaOf, TARGET_PROB } from "./episode-columns.ts";

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
    ({ probability }) => probability === null || isDistribution(probability),
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

const isDistribution = (shares: readonly number[]): boolean =>
  shares.every((one) => one >= 0 && one <= 1) && Math.abs(shares.reduce((sum, one) => sum + one, 0) - 1) <= 1e-9;

const SCORED_SHAPE: Rule<Raw> = [
  `target_prob is ${TARGET_PROB.written}`,
  (row) => "target_prob" in row && holdsColumn(TARGET_PROB, row),
];
const SCORED_RULES: readonly Rule<ScoredRow>[] = [
  [
    "target_prob has one element for each of candidate_key",
    ({ target_prob, candidate_key }) => target_prob === null || target_prob.length === candidate_key.length,
  ],
  [
    "target_prob lies in 0..1 and sums to 1 within 1e-9",
    ({ target_prob }) => target_prob === null || isDistribution(target_prob),
  ],
  [
    "target_prob is 0 where a candidate was refused",
    ({ target_prob, allowed }) => target_prob === null || allowed.every((may, i) => may || target_prob[i] === 0),
  ],
];

const scoredFrom = (path: string, raw: Raw, index: number): ScoredRow => {
  const row = rowFrom(path, raw, index);
  check(path, index, raw, [SCORED_SHAPE]);
  const scored: ScoredRow = { ...row, target_prob: (raw.target_prob ?? null) as ScoredRow["target_prob"] };
  check(path, index, scored, SCORED_RULES);
  return scored;
};

/** Names and types of the columns, to be compared: what may be null is told by the rows themselves. */
const shapesIn = (schema: FileMetaData["schema"]): ReadonlyMap<string, string> =>
  new Map(
    parquetSchema({ schema }).children.map(({ element, children }) => {
      const leaf = children[0]?.children[0]?.element ?? element;
      return [element.name, `${element.converted_type ?? ""} ${leaf.type ?? ""} ${leaf.converted_type ?? ""}`];
    }),
  );

const checkColumns = (path: string, schema: FileMetaData["schema"]): void => {
  const found = shapesIn(schema);
  const wanted = shapesIn([...schemaOf([...COLUMNS, TARGET_PROB])]);
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

const rawRows = async (path: string, columns?: string[]): Promise<readonly Raw[]> => {
  const file = new Uint8Array(readFileSync(path)).buffer;
  const metadata = await readable(path, () => parquetMetadata(file));
  checkColumns(path, metadata.schema);
  const compressors = { ZSTD: (page: Uint8Array) => new Uint8Array(zstdDecompressSync(page)) };
  return readable(path, () =>
    parquetReadObjects({ file, metadata, compressors, ...(columns === undefined ? {} : { columns }) }),
  );
};

const VERSION_COLUMNS: readonly Column[] = COLUMNS.filter(({ name }) => /^(decision_id|row_version)$/.test(name));

/** Which decision each row of a file is of, and which version of it, in their order; nothing else is read. Throws BadEpisodes. */
export const readVersions = async (
  path: string,
): Promise<readonly Readonly<{ decisionId: string; version: number }>[]> => {
  const names = VERSION_COLUMNS.map(({ name }) => name);
  const rules = VERSION_COLUMNS.map(
    (column): Rule<Raw> => [`${column.name} is ${column.written}`, (row) => holdsColumn(column, row)],
  );
  return (await rawRows(path, names)).map((raw, index) => {
    check(path, index, raw, rules);
    const { decision_id, row_version } = raw as Pick<EpisodeRow, "decision_id" | "row_version">;
    return { decisionId: decision_id, version: row_version };
  });
};

/**
 * The rows of one episode file, in their order; what `quell score` added is left out. Throws BadEpisodes at the first thing
 * that its contract forbids.
 */
export const readEpisodes = async (path: string): Promise<readonly EpisodeRow[]> =>
  (await rawRows(path)).map((row, index) => rowFrom(path, row, index));

/** The rows of one file that `quell score` wrote. Throws BadEpisodes where it adds no distribution over what was allowed. */
export const readScored = async (path: string): Promise<readonly ScoredRow[]> =>
  (await rawRows(path)).map((row, index) => scoredFrom(path, row, index));
