/** One record of a file of events: a JSON value, or why that part of the file is none. */
export type EventRecord = Readonly<{ kind: "json"; value: unknown }> | Readonly<{ kind: "unreadable"; reason: string }>;

/**
 * Splits a file's text into its records, in order: one JSON document, a JSON array's elements, or JSON lines (blank
 * lines are skipped). Text that is neither is one unreadable record. Never throws.
 */
export const eventRecords = (text: string): readonly EventRecord[] => {
  const content = text.replace(/^\uFEFF/, "");
  const whole = parse(content, "the file");
  if (whole.kind === "json") return Array.isArray(whole.value) ? whole.value.map(json) : [whole];
  const lines = content.split(/\r?\n/).map((line, index) => ({ line, number: index + 1 }));
  const written = lines.filter(({ line }) => line.trim() !== "");
  if (!looksLikeLines(written.map(({ line }) => line.trim()))) return [whole];
  return written.map(({ line, number }) => parse(line, `line ${number}`));
};

const json = (value: unknown): EventRecord => ({ kind: "json", value });

const parse = (text: string, where: string): EventRecord => {
  try {
    return json(JSON.parse(text));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: "unreadable", reason: `unreadable JSON: ${where}: ${detail}` };
  }
};

// A document that was cut off begins with a bracket alone on its line when it was indented; JSON lines never do.
const looksLikeLines = (lines: readonly string[]): boolean =>
  lines.length > 1 && !/^[{[]$/.test(lines[0] ?? "") && lines.some(isObject);

const isObject = (line: string): boolean => {
  const record = parse(line, "");
  return record.kind === "json" && typeof record.value === "object" && record.value !== null;
};
