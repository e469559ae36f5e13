import type { LogLine, LogTemplate } from "./evidence.ts";
import { sha256 } from "./ids.ts";

/**
 * Log lines are other people's text: they are stripped of secrets, reduced to templates with counts and cut short.
 * Every pattern is linear-time and bounded; a line is cut before it is matched.
 */
const LINE_CHARACTERS = 500;
const TEMPLATE_CHARACTERS = 200;
const MOST_LINES = 5_000;
const MOST_TEMPLATES = 20;

const SECRETS: readonly Readonly<{ name: string; pattern: RegExp }>[] = [
  { name: "aws-access-key", pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { name: "jwt", pattern: /\beyJ[A-Za-z0-9_-]{10,400}\.[A-Za-z0-9_-]{10,400}\.[A-Za-z0-9_-]{0,400}/g },
  { name: "bearer-token", pattern: /\b[Bb]earer [A-Za-z0-9._~+/-]{8,400}=*/g },
  { name: "password", pattern: /\b(?:password|passwd|secret|token|api_?key)["']?\s{0,3}[=:]\s{0,3}\S{1,200}/gi },
  { name: "email", pattern: /\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}\b/g },
  { name: "opaque", pattern: /\b[A-Za-z0-9+/_-]{64,500}={0,2}/g },
];

/** True for every text in which a pattern above can be found, and cheap: most lines hold no secret at all. */
const MAY_HOLD_SECRET = /@|AKIA|ASIA|eyJ|bearer |passw|secret|token|api_?key|[A-Za-z0-9+/_-]{64}/i;

const VARIABLES: readonly Readonly<{ name: string; pattern: RegExp }>[] = [
  { name: "<uuid>", pattern: /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi },
  { name: "<hex>", pattern: /\b0x[0-9a-f]{1,32}\b|\b[0-9a-f]{16,64}\b/gi },
  { name: "<n>", pattern: /\d+(?:\.\d+)?/g },
];

/** Format and private-use characters hide or split text and are dropped; a control character is a gap. */
const HIDDEN = /[\p{Cf}\p{Co}]/gu;
const CONTROL = /\p{Cc}/gu;

/** Cuts without leaving half of a character behind, which no canonical JSON could hold. */
const cut = (text: string, mostCharacters: number): string => text.slice(0, mostCharacters).toWellFormed();

export type Redacted = Readonly<{ text: string; found: readonly string[] }>;

/** Normalises a text (look-alike forms folded by NFKC), drops what cannot be seen, replaces secrets by their class. */
export const redact = (text: string, mostCharacters = LINE_CHARACTERS): Redacted => {
  const visible = cut(text, mostCharacters).normalize("NFKC").replace(HIDDEN, "").replace(CONTROL, " ");
  let rest = cut(visible, mostCharacters);
  const found: string[] = [];
  if (!MAY_HOLD_SECRET.test(rest)) return { text: rest, found };
  for (const { name, pattern } of SECRETS) {
    rest = rest.replace(pattern, () => {
      found.push(name);
      return `<${name}>`;
    });
  }
  return { text: rest, found };
};

/** Groups lines of one shape and counts them; the most frequent first, at most 20, ties by first appearance. */
export const templatesOf = (
  lines: readonly LogLine[],
): Readonly<{ templates: readonly LogTemplate[]; redactions: Readonly<Record<string, number>> }> => {
  const groups = new Map<string, { logGroup: string; template: string; count: number; lastAtMs: number }>();
  const redactions: Record<string, number> = {};
  for (const line of lines.slice(-MOST_LINES)) {
    const { text, found } = redact(line.message);
    for (const name of found) redactions[name] = (redactions[name] ?? 0) + 1;
    const template = cut(
      VARIABLES.reduce((rest, { name, pattern }) => rest.replace(pattern, name), text),
      TEMPLATE_CHARACTERS,
    );
    const key = `${line.logGroup} ${template}`;
    const group = groups.get(key) ?? { logGroup: line.logGroup, template, count: 0, lastAtMs: line.atMs };
    group.count += 1;
    group.lastAtMs = Math.max(group.lastAtMs, line.atMs);
    groups.set(key, group);
  }
  const templates = [...groups.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_TEMPLATES)
    .map((group) => ({ id: `log-${sha256(`${group.logGroup} ${group.template}`).slice(0, 8)}`, ...group }));
  return { templates, redactions };
};
