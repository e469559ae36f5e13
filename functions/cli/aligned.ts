/** Rows of cells as plain text, columns aligned, a line end after each. */
export const alignedRows = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map(
      (cells) =>
        `${cells
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
};

// A terminal shows 200 columns at best; the longest sentence worth reading in a table is shorter.
const LONGEST_CELL = 72;

/** Names and evidence are other people's words: no control character of theirs reaches a terminal. */
export const printable = (text: string): string => {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return plain.length <= LONGEST_CELL ? plain : `${plain.slice(0, LONGEST_CELL - 3)}...`;
};
