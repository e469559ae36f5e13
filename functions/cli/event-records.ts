/** One record of a file of events: a JSON value, or why that part of the file is none. */
export type EventRecord = Readonly<{ kind: "json"; value: unknown }> | Readonly<{ kind: "unreadable"; reason: string }>;

/**
 * Splits a file's text into its records, in order: one JSON document, a JSON array's elements, documents one after the
 * other, or JSON lines (blank lines are skipped), of which each may be damaged. Text that is none of these is one
 * unreadable record. Never throws.
 */
export const eventRecords = (text: string): readonly EventRecord[] => {
  const content = text.replace(/^\uFEFF/, "");
  const whole = parse(content, "the file");
  if (whole.kind === "json") return Array.isArray(whole.value) ? whole.value.map(json) : [whole];
  const documents = documentsIn(content).map((document, index) => parse(document, `document ${index + 1}`));
  if (documents.length > 1 && documents.every(({ kind }) => kind === "json")) return documents;
  const lines = content.split(/\r?\n/).map((line, index) => ({ line, number: index + 1 }));
  const written = lines.filter(({ line }) => line.trim() !== "");
  if (looksLikeLines(written.map(({ line }) => line.trim())))
    return written.map(({ line, number }) => parse(line, `line ${number}`));
  return documents.length > 1 ? documents : [whole];
};

/** Cuts a text behind every bracket that closes a document; what stands behind the last one is a piece of its own. */
const documentsIn = (content: string): readonly string[] => {
  const pieces: string[] = [];
  let isText = false;
  let depth = 0;
  let start = 0;
  // One short token at a time: a pattern for a whole text would run out of stack on a long one.
  for (const { 0: token, index } of content.matchAll(/\\.|["{}[\]]/gs)) {
    if (token === '"') isText = !isText;
    if (isText) continue;
    if (token === "{" || token === "[") depth += 1;
    if (token !== "}" && token !== "]") continue;
    depth = Math.max(0, depth - 1);
    if (depth > 0) continue;
    pieces.push(content.slice(start, index + 1));
    start = index + 1;
  }
  const rest = content.slice(start);
  return rest.trim() === "" ? pieces : [...pieces, rest];
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
