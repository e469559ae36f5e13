import type { Cut } from "./context.ts";
import type { LogLine, LogTemplate } from "./evidence.ts";
import { sha256 } from "./ids.ts";
import { LINE_CHARACTERS, type LogBudget, sampleLogs } from "./log-sample.ts";
import { digitsMatter, shapeOf } from "./log-shapes.ts";
import { cut, redact } from "./redact.ts";

/**
 * Log lines are other people's text: they are stripped of secrets, reduced to templates with counts and cut short. What
 * a caller of the service can put into a line (quoted text, paths, queries, user agents, ids, numbers) becomes a
 * placeholder, so that an order hidden there is gone; what a program wrote outside quotes stays, at most 200 characters.
 * Every pattern is linear-time and bounded; a line is cut before it is matched.
 */
const TEMPLATE_CHARACTERS = 200;

type Variable = Readonly<{ pattern: RegExp; name: string | ((match: string, ...groups: string[]) => string) }>;

/** Fields of a structured line in which programs write about themselves; every other quoted field is somebody's input. */
const OWN_FIELDS = /^(?:level|severity|logger|msg|message|error|err|exception|error_?type|code|status|event)$/i;

/** What stands in quotes within a field that is kept is quoted all the same. */
const ownWords = (value: string): string =>
  value.replace(/\\["']([^\\"']{0,500})\\["']/g, "<text>").replace(/[\\"]/g, " ");

const agentPart = "(?: ?\\([^)]{0,200}\\)| [A-Za-z]{1,40}/[0-9][^ ]{0,40})?";

const VARIABLES: readonly Variable[] = [
  {
    pattern: /"([\w.@-]{1,64})"\s{0,3}:\s{0,3}"((?:[^"\\]|\\.){0,500})(?:"|$)/g,
    name: (_, key = "", value = "") => (OWN_FIELDS.test(key) ? `${key}: ${ownWords(value)}` : `${key}: <text>`),
  },
  { pattern: /"([\w.@-]{1,64})"\s{0,3}:/g, name: (_, key = "") => `${key}:` },
  { pattern: /user[-_ ]?agent["']?\s{0,2}[=:]\s{0,2}[^|]{1,500}/gi, name: "<user-agent>" },
  {
    pattern: new RegExp(
      `(?:Mozilla|curl|Wget|okhttp|axios|python-requests|Go-http-client|PostmanRuntime)/[0-9][^ ]{0,20}${agentPart.repeat(8)}`,
      "g",
    ),
    name: "<user-agent>",
  },
  { pattern: /"[^"]{0,500}(?:"|$)/g, name: "<text>" },
  { pattern: /`[^`]{0,500}(?:`|$)/g, name: "<text>" },
  { pattern: /(?<![A-Za-z0-9])'[^']{1,500}(?:'(?![A-Za-z0-9])|$)/g, name: "<text>" },
  {
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/(?:<url-credentials>@)?([A-Za-z0-9.-]{0,100})[^\s"'`)\]},;]{0,500}/gi,
    name: (_, host = "") => `<url:${host.replace(/[0-9]+/g, "*")}>`,
  },
  { pattern: /\?[A-Za-z0-9_.[\]%-]{1,100}=[^\s"'`)]{0,500}/g, name: "?<query>" },
  {
    pattern: /(?<![\w<])(\/[A-Za-z0-9_.~-]{1,32}(?![^\s/?"'`)\],;:]))?\/[^\s"'`)\]},;?<]{1,500}/g,
    name: (_, first = "") => `${first}/<path>`,
  },
  { pattern: /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, name: "<uuid>" },
  { pattern: /<blob:[0-9]{1,6}>/g, name: "<blob>" },
  { pattern: /\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b/g, name: "<ip>" },
  { pattern: /\b0x[0-9a-f]{1,32}\b|\b[0-9a-f]{16,64}\b/gi, name: "<hex>" },
  { pattern: /[0-9]{1,500}(?:\.[0-9]{1,500})?/g, name: "<n>" },
];

/** What is matched against a line, for the proof that all of it is linear. */
export const TEMPLATE_PATTERNS: readonly RegExp[] = VARIABLES.map(({ pattern }) => pattern);

const templateOf = (text: string): string =>
  cut(
    VARIABLES.reduce(
      (rest, { pattern, name }) =>
        typeof name === "string" ? rest.replace(pattern, name) : rest.replace(pattern, name),
      text,
    ),
    TEMPLATE_CHARACTERS,
  );

/** A line's template, and what was taken out of the line. */
type Reduced = Readonly<{ template: string; found: readonly string[] }>;

/** One line on its own. */
export const reduced = (message: string): Reduced => {
  const { text, found } = redact(message, LINE_CHARACTERS);
  return { template: templateOf(text), found };
};

/** The same, for many lines: what is alike in all that can matter is looked through once. */
const reducer = (): ((message: string) => Reduced) => {
  const byShape = new Map<string, Reduced | null>();
  const byMessage = new Map<string, Reduced>();
  return (message) => {
    const shape = shapeOf(message);
    let alike = byShape.get(shape);
    if (alike === undefined) {
      alike = digitsMatter(shape) ? null : reduced(message);
      byShape.set(shape, alike);
    }
    if (alike !== null) return alike;
    const own = byMessage.get(message) ?? reduced(message);
    byMessage.set(message, own);
    return own;
  };
};

type Group = { readonly logGroup: string; readonly template: string; count: number; lastAtMs: number };

export type TemplateBudget = LogBudget & Readonly<{ logTemplates: number }>;
export type Templates = Readonly<{
  templates: readonly LogTemplate[];
  redactions: Readonly<Record<string, number>>;
  cuts: readonly Cut[];
}>;

/**
 * Groups lines of one shape and counts them, the most frequent first, ties by first appearance. Lines beyond the budgets
 * are left out evenly over time, templates from the rarest on; `cuts` says how many.
 */
export const templatesOf = (lines: readonly LogLine[], budget: TemplateBudget): Templates => {
  const sample = sampleLogs(lines, budget);
  const groups: Group[] = [];
  const byLogGroup = new Map<string, Map<string, Group>>();
  const redactions: Record<string, number> = {};
  const reduce = reducer();
  for (const { message, logGroup, atMs } of sample.lines) {
    const { template, found } = reduce(message);
    for (const name of found) redactions[name] = (redactions[name] ?? 0) + 1;
    const own = byLogGroup.get(logGroup) ?? new Map<string, Group>();
    byLogGroup.set(logGroup, own);
    const group = own.get(template) ?? { logGroup, template, count: 0, lastAtMs: atMs };
    if (group.count === 0) groups.push(group);
    own.set(template, group);
    group.count += 1;
    group.lastAtMs = Math.max(group.lastAtMs, atMs);
  }
  const templates = groups
    .toSorted((a, b) => b.count - a.count)
    .slice(0, budget.logTemplates)
    .map((group) => ({ id: `log-${sha256(`${group.logGroup} ${group.template}`).slice(0, 8)}`, ...group }));
  const left =
    templates.length === groups.length
      ? []
      : [{ source: "logs", kept: templates.length, of: groups.length, unit: "templates" as const }];
  return { templates, redactions, cuts: [...sample.cuts, ...left] };
};
