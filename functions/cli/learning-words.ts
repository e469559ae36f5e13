import type { AutonomySettings, CellState } from "../core/autonomy.ts";
import { isoTime } from "../core/ids.ts";
import type { AutonomySource } from "./autonomy-source.ts";
import type { Forecast, Span } from "./learning-forecast.ts";
import type { ActingPolicy } from "./learning-policy.ts";
import { aligned, type Paint, plain } from "./terminal-text.ts";

type CellStatus = CellState & Readonly<{ forecast: Forecast }>;

/** All that `quell learning status` has found out. */
export type LearningStatus = Readonly<{
  policy: ActingPolicy;
  source: AutonomySource;
  span: Span | null;
  settings: AutonomySettings;
  cells: readonly CellStatus[];
}>;

const stateOf = ({ suspended, earnedAtMs }: CellState): "suspended" | "alone" | "asks" => {
  if (suspended !== null) return "suspended";
  return earnedAtMs === null ? "asks" : "alone";
};

/** JSON has no infinity. */
const finite = (value: number): number => Math.min(value, Number.MAX_VALUE);
const isoOrNull = (atMs: number | null): string | null => (atMs === null ? null : isoTime(atMs));

/** The document of `--json`; shares 0..1, times ISO 8601. */
export const statusJson = ({ policy, source, span, settings, cells }: LearningStatus) => ({
  schema: 1,
  policy: policyJson(policy),
  gate: policy.manifest?.gate ?? null,
  autonomy: {
    evidence: {
      from: source.where,
      source: source.where === null ? "none" : "simulated",
      decisions: source.decisions,
      since: isoOrNull(span?.fromMs ?? null),
      until: isoOrNull(span?.untilMs ?? null),
    },
    settings,
    cells: cells.map((cell) => ({
      ...{ runbook: cell.runbook, environment: cell.environment, tier: cell.tier, state: stateOf(cell) },
      ...{ counted: cell.counted, runs: cell.runs, harms: cell.harms, vetoes: cell.vetoes },
      ...{ maxHarmShare: cell.maxHarmShare, eValue: finite(Math.exp(cell.logEValue)) },
      needed: Math.exp(cell.logNeeded),
      recovered: cell.recovered,
      waited: cell.waited,
      uplift: cell.uplift,
      upliftBecause: cell.uplift === null ? SELDOM : null,
      runsToGo: cell.forecast.runsToGo,
      waitsToGo: cell.forecast.waitsToGo,
      runsPerMonth: cell.forecast.runsPerMonth,
      ...{ when: cell.forecast.when, at: isoOrNull(cell.forecast.atMs) },
      earnedAt: isoOrNull(cell.earnedAtMs),
      suspended: cell.suspended === null ? null : { at: isoTime(cell.suspended.atMs), because: cell.suspended.because },
    })),
  },
});

const policyJson = ({ acts, asks, because, manifest }: ActingPolicy) => ({
  ...{ acts, asks, because },
  ...{ model: manifest?.model.sha256 ?? null, createdAt: manifest?.createdAt ?? null },
});

const SELDOM = "not known: wait seldom logged here";

/** For people: the policy, the gate, what is asked for, and a line a cell. */
export const statusLines = (status: LearningStatus, paint: Paint): readonly string[] => [
  ...aligned([
    ["policy", `${paint("bold", status.policy.acts)}: ${plain(status.policy.because)}`],
    ...gateRows(status.policy),
    ...evidenceRows(status),
  ]),
  "",
  ...cellLines(status, paint),
  ...status.cells.flatMap((cell) =>
    cell.suspended === null
      ? []
      : [`${cell.runbook} in ${plain(cell.environment)} was suspended: ${plain(cell.suspended.because)}`],
  ),
];

const gateRows = ({ manifest }: ActingPolicy): readonly (readonly [string, string])[] => {
  if (manifest === null) return [["gate", "nothing has been gated"]];
  const { verdict, reasons, undecided, approval } = manifest.gate;
  return [
    ["gate", [verdict, ...reasons].map(plain).join("; ")],
    ...(undecided.length === 0 ? [] : [["undecided", `families ${undecided.map(plain).join(", ")}`] as const]),
    ...(approval.length === 0
      ? []
      : [["asks for", `${approval.map(plain).join(", ")}, which it could not judge`] as const]),
  ];
};

const evidenceRows = ({ source, span, settings }: LearningStatus): readonly (readonly [string, string])[] => {
  const { maxHarmShare, confidence, leastWaits } = settings;
  const asked =
    `at most ${percent(maxHarmShare.tier1)} of runs may do harm, ${percent(confidence)} sure over all cells at once, ` +
    `and a bound of the uplift over waiting above 0 from ${leastWaits} waits or more`;
  if (source.where === null || span === null) {
    const none =
      source.where === null ? "none; name some with --episodes or --store" : `none in ${plain(source.where)}`;
    return [
      ["evidence", none],
      ["to earn", asked],
    ];
  }
  const [since, until] = [span.fromMs, span.untilMs].map((atMs) => isoTime(atMs).slice(0, 10));
  return [
    ["evidence", `${source.decisions} decisions known from ${since} to ${until}, ${plain(source.where)}`],
    ["", "simulated: its world counts as the account here, and earns nothing in yours"],
    ["to earn", asked],
  ];
};

const HEAD = [
  "runbook",
  "where",
  "tier",
  "state",
  "runs",
  "harms",
  "vetoes",
  "e-value",
  "of",
  "uplift over waiting",
  "to go",
  "by",
];
const RIGHT = new Set(["runs", "harms", "vetoes", "e-value", "of", "to go"]);

const cellLines = ({ cells }: LearningStatus, paint: Paint): readonly string[] => {
  const rows = [HEAD, ...cells.toSorted(furthestFirst).map(cellRow)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = aligned(
    rows.map((row) =>
      row.map((cell, column) => (RIGHT.has(HEAD[column] ?? "") ? cell.padStart(widths[column] ?? 0) : cell)),
    ),
  );
  return lines.map((line, index) => (index === 0 ? paint("dim", line) : line));
};

const furthestFirst = (one: CellState, other: CellState): number =>
  other.logEValue - one.logEValue || other.counted - one.counted || (one.runbook < other.runbook ? -1 : 1);

const cellRow = (cell: CellStatus): readonly string[] => [
  cell.runbook,
  plain(cell.environment),
  `T${cell.tier}`,
  stateOf(cell),
  ...[cell.runs, cell.harms, cell.vetoes].map(String),
  short(Math.exp(cell.logEValue)),
  short(Math.exp(cell.logNeeded)),
  upliftOf(cell),
  toGoOf(cell.forecast),
  cell.forecast.when,
];

const upliftOf = ({ uplift }: CellState): string =>
  uplift === null ? SELDOM : `${signed(uplift.mean)} (${signed(uplift.low)} to ${signed(uplift.high)})`;

const toGoOf = ({ runsToGo, waitsToGo }: Forecast): string =>
  [
    ...(runsToGo === 0 && waitsToGo > 0 ? [] : [counted(runsToGo, "run")]),
    ...(waitsToGo === 0 ? [] : [counted(waitsToGo, "wait")]),
  ].join(", ");

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const short = (value: number): string =>
  value >= 100_000 ? value.toExponential(1) : value >= 100 ? value.toFixed(0) : value.toPrecision(2);
const signed = (share: number): string => `${share < 0 ? "-" : "+"}${Math.abs(share).toFixed(2)}`;
const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
