import { styleText } from "node:util";

export type Format = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
export type Paint = (format: Format, text: string) => string;

/** Colours only where the stream is a terminal that wants them (NO_COLOR and FORCE_COLOR are honoured). */
export const paintFor =
  (stream: NodeJS.WritableStream): Paint =>
  (format, text) =>
    styleText(format, text, { stream, validateStream: true });

const LONGEST_TEXT = 160; // one line of a wide terminal: other people's words never push ours off the screen

/** Makes foreign text safe for a terminal: no control, format or line-breaking characters, bounded length. */
export const plain = (text: string): string => {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
  return clean.length > LONGEST_TEXT ? `${clean.slice(0, LONGEST_TEXT - 1)}…` : clean;
};

/** Pads every column but the last to its widest cell. Rows have equal lengths. */
export const aligned = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
};
