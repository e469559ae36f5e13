import { isWithin, type Measured } from "./measured.ts";

/** A figure with its cost in units of the yardstick; null where it is no time. */
export type Figure = Measured & Readonly<{ ratio: number | null }>;

const HEADINGS = ["figure", "measured", "budget", "x yardstick", ""];

/** Three significant digits, whole numbers in full. */
const shown = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3));

const budgetOf = ({ budget, unit }: Figure): string => {
  if (budget === null) return "";
  return "most" in budget ? `<= ${shown(budget.most)} ${unit}` : `>= ${shown(budget.least)} ${unit}`;
};

const verdictOf = (figure: Figure): string => {
  const within = isWithin(figure);
  if (within === null) return "";
  return within ? "within" : "over budget";
};

/** The figures as lines of aligned columns, the first one left and the numbers right. */
export const tableLines = (figures: readonly Figure[]): readonly string[] => {
  const rows = figures.map((figure) => [
    figure.name,
    `${shown(figure.value)} ${figure.unit}`,
    budgetOf(figure),
    figure.ratio === null ? "" : shown(figure.ratio),
    verdictOf(figure),
  ]);
  const all = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === row.length - 1 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return all.map(line);
};
