/** The known names most like the asked one, best first, at most three: what somebody may have meant. */
export const nearest = (asked: string, names: readonly string[]): readonly string[] =>
  names
    .map((name) => ({ name, edits: editsWithin(asked.slice(0, LONGEST), name) }))
    .toSorted((one, other) => one.edits - other.edits || (one.name < other.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);

/** Longer than any id: beyond it nobody mistyped, and the work stays small. */
const LONGEST = 64;

/**
 * Fewest letters to insert, delete or replace so that `asked` is a name; letters that only the name has beyond what was
 * asked count a tenth, so that `reboot` is nearer to `rds-reboot` than to `wait`.
 */
const editsWithin = (asked: string, name: string): number => {
  const INSERT = 0.1;
  let row = Array.from({ length: name.length + 1 }, (_, column) => column * INSERT);
  for (const letter of asked) {
    const next = [(row[0] ?? 0) + 1];
    for (let column = 1; column <= name.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (name[column - 1] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + INSERT));
    }
    row = next;
  }
  return row[name.length] ?? 0;
};
