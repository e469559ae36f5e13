import type { LogLine, LogTemplate } from "./evidence.ts";
import { sha256 } from "./ids.ts";
import { cut, redact } from "./redact.ts";

/**
 * Log lines are other people's text: they are stripped of secrets, reduced to templates with counts and cut short.
 * Every pattern is linear-time and bounded; a line is cut before it is matched.
 */
const TEMPLATE_CHARACTERS = 200;
const MOST_LINES = 5_000;
const MOST_TEMPLATES = 20;

const VARIABLES: readonly Readonly<{ name: string; pattern: RegExp }>[] = [
  { name: "<uuid>", pattern: /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi },
  { name: "<hex>", pattern: /\b0x[0-9a-f]{1,32}\b|\b[0-9a-f]{16,64}\b/gi },
  { name: "<n>", pattern: /\d+(?:\.\d+)?/g },
];

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
