import type { SchemaElement } from "hyparquet";
import type { EpisodeRow } from "../../core/episode.ts";

type Scalar<T> = [T] extends [string]
  ? "string"
  : [T] extends [boolean]
    ? "boolean"
    : "int32" | "int64" | "float" | "double";
type Present<T> = [T] extends [readonly (infer Element)[]] ? `list<${Scalar<Element>}>` : Scalar<T>;
/** How a value is written: its type, `list<...>` of it, with `?` where it may be null. */
type Written<T> = null extends T ? `${Present<NonNullable<T>>}?` : Present<T>;

/** Every column of an episode row in the file's order, as it is written. A key too few or too many does not compile. */
const EPISODE_COLUMNS = {
  schema_version: "int32",
  row_version: "int32",
  decision_id: "string",
  incident_id: "string",
  cluster_id: "string",
  step: "int32",
  decided_at: "int64",
  source: "string",
  service: "string",
  environment: "string",
  severity: "int32",
  features_hash: "string",
  catalogue_hash: "string",
  guardrails_hash: "string",
  model_hash: "string",
  world_hash: "string",
  state: "list<float>",
  candidates: "list<float>",
  candidate_key: "list<string>",
  runbook_id: "list<string>",
  drafted_by: "list<string>",
  drafter: "string",
  tier: "list<int32>",
  consents: "list<int32>",
  allowed: "list<boolean>",
  refused_because: "list<string>",
  stage: "string",
  canary_arm: "string",
  arm_probability: "double",
  proposed: "int32",
  probability: "list<double>?",
  tie_set: "list<boolean>",
  epsilon: "double",
  seed: "string",
  abstained_because: "string",
  q: "list<double>?",
  human_response: "string",
  human_reason: "string",
  executed: "int32",
  executed_runbook: "string",
  exit_status: "string",
  undone: "boolean",
  elapsed_minutes: "double",
  impact_minutes: "double",
  impact_discounted: "double",
  cost_action: "double",
  cost_harm: "double",
  cost_recurrence: "double",
  handover_impact: "double",
  harm: "string",
  recovered: "boolean",
  recovered_by: "string",
  end: "string",
  reopened_24h: "boolean?",
  matured_at: "int64?",
} as const satisfies { [Name in keyof EpisodeRow]: Written<EpisodeRow[Name]> };

/** A row with the probability of each candidate under another policy; null where that policy cannot be replayed. */
export type ScoredRow = EpisodeRow & Readonly<{ target_prob: readonly number[] | null }>;

export type Kind = "string" | "boolean" | "int32" | "int64" | "float" | "double";
export type Column = Readonly<{
  name: keyof ScoredRow;
  written: string;
  kind: Kind;
  list: boolean;
  nullable: boolean;
}>;

const columnOf = ([name, written]: [string, string]): Column => ({
  name: name as keyof ScoredRow,
  written,
  kind: written.replace(/^list<|>?\??$/g, "") as Kind,
  list: written.startsWith("list<"),
  nullable: written.endsWith("?"),
});

export const COLUMNS: readonly Column[] = Object.entries(EPISODE_COLUMNS).map(columnOf);

/** The column that `quell score` adds, the last one. */
export const TARGET_PROB: Column = columnOf([
  "target_prob",
  "list<double>?" satisfies Written<ScoredRow["target_prob"]>,
]);

const PHYSICAL: Readonly<Record<Kind, Pick<SchemaElement, "type" | "converted_type">>> = {
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  boolean: { type: "BOOLEAN" },
  int32: { type: "INT32" },
  int64: { type: "INT64" },
  float: { type: "FLOAT" },
  double: { type: "DOUBLE" },
};

const elementsOf = ({ name, kind, list, nullable }: Column): readonly SchemaElement[] => {
  const repetition_type = nullable ? "OPTIONAL" : "REQUIRED";
  if (!list) return [{ name, repetition_type, ...PHYSICAL[kind] }];
  return [
    { name, repetition_type, converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    // No element is ever null, but Arrow's `list<float>` equals a list of nullable floats only.
    { name: "element", repetition_type: "OPTIONAL", ...PHYSICAL[kind] },
  ];
};

/** The schema of a file with these columns, depth first: lists have the three levels that every reader knows. */
export const schemaOf = (columns: readonly Column[]): readonly SchemaElement[] => [
  { name: "episodes", num_children: columns.length },
  ...columns.flatMap(elementsOf),
];

export const EPISODE_SCHEMA: readonly SchemaElement[] = schemaOf(COLUMNS);
