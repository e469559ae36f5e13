import type { FamilyReport, GamedayReport } from "./gameday-report.ts";
import { aligned, type Paint } from "./terminal-text.ts";

/** The two small tables that end a gameday, as lines: all incidents together, then by the families of their faults. */
export const scoreboardLines = (report: GamedayReport, paint: Paint): readonly string[] => {
  const { median, p90, n } = report.minutesToRecover;
  const terminals = Object.entries(report.terminal).filter(([, count]) => count > 0);
  const rows: readonly (readonly [string, string, string])[] = [
    ...terminals.map(([terminal, count]) => [terminal, String(count), ""] as const),
    [
      "minutes to recover",
      median === null ? "-" : median.toFixed(1),
      `median of ${n}${p90 === null ? "" : `, p90 ${p90.toFixed(1)}`}`,
    ],
    ["impact", report.impactMinutes.toFixed(1), "minutes of lost requests, mean of an incident"],
    ["actions", String(report.actions), `runs in the cloud, ${report.harmful} of them harmful`],
    ["undos", String(report.undos), ""],
    ["pages", String(report.pages), ""],
    [
      "duplicated effects",
      String(report.duplicatedEffects),
      report.duplicatedEffects === 0 ? "" : "a defect: report it",
    ],
    ...aloneRow(report.autonomy),
    ["mean return", report.meanReturn.toFixed(3), "minus hours of severity-1 impact and costs"],
  ];
  const width = Math.max(...rows.map(([, value]) => value.length));
  const lines = aligned(rows.map(([name, value, words]) => [name, value.padStart(width), words]));
  return [
    "",
    paint("bold", `${report.incidents} incident${report.incidents === 1 ? "" : "s"}, seed ${report.seed}`),
    ...lines.map((line) => `  ${line}`),
    "",
    ...familyLines(report.families).map((line, index) => `  ${index === 0 ? paint("dim", line) : line}`),
  ];
};

const aloneRow = (autonomy: GamedayReport["autonomy"]): readonly (readonly [string, string, string])[] => {
  if (autonomy === null) return [];
  const runs = autonomy.reduce((sum, cell) => sum + cell.runs, 0);
  const cells = autonomy.map(
    (cell) => `${cell.runbook} in ${cell.environment} ${cell.runs}, harm observed in ${cell.harms}`,
  );
  const words = cells.length === 0 ? "nothing has earned it" : cells.join("; ");
  return [["acted alone", String(runs), `${words}; the simulated world counts as the account`]];
};

const HEAD = ["family", "worlds", "incidents", "resolved", "by itself", "impact", "actions", "harmful", "pages"];

const familyLines = (families: readonly FamilyReport[]): readonly string[] => {
  const rows = [HEAD, ...families.map(familyRow)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return aligned(
    rows.map((row) => row.map((cell, column) => (column === 0 ? cell : cell.padStart(widths[column] ?? 0)))),
  );
};

const familyRow = (row: FamilyReport): readonly string[] => [
  row.family,
  String(row.worlds),
  String(row.incidents),
  percent(row.resolvedShare),
  percent(row.selfRecoveredShare),
  row.impactMinutes.toFixed(1),
  String(row.actions),
  String(row.harmful),
  String(row.pages),
];

const percent = (share: number | null): string => (share === null ? "-" : `${Math.round(share * 100)} %`);
