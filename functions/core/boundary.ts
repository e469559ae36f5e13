import type { AlarmWords, Cut } from "./context.ts";
import { isSecretField } from "./detector-keyed.ts";
import type { AlarmSnapshot, AlarmTransition, Change, Resource, Series } from "./evidence.ts";
import { sha256 } from "./ids.ts";
import { redact, redactTokens } from "./redact.ts";

/**
 * Rows of other people's sources on their way into a context. Each is built field by field: what is not named here does
 * not come in. Words are redacted and cut short; what is compared (ARNs, versions, dimensions) stays exact, and only a
 * secret that shows by itself is taken out of it.
 */
const MOST_CHANGES = 40;
const MOST_TRANSITIONS = 60;
const MOST_RESOURCES = 200;
const MOST_WORDS = 20;
const MOST_TAGS = 20;
/** CloudFormation's own limits are 128 and 256; what tells something is shorter. */
const TAG_KEY_CHARACTERS = 64;
const TAG_VALUE_CHARACTERS = 128;
const TITLE_CHARACTERS = 120;
const SENTENCE_CHARACTERS = 400;
const NAME_CHARACTERS = 255; // CloudWatch's longest alarm name
/** A longer value of a resource is no version, id or count. */
const ATTRIBUTE_CHARACTERS = 512;

/** What the boundary counted: redactions by class, and what it left out. */
export type Boundary = Readonly<{
  alarms: (rows: readonly AlarmSnapshot[]) => readonly AlarmSnapshot[];
  series: (rows: readonly Series[]) => readonly Series[];
  changes: (rows: readonly Change[]) => readonly Change[];
  resources: (rows: readonly Resource[]) => readonly Resource[];
  history: (rows: readonly AlarmTransition[]) => readonly AlarmTransition[];
  words: (rows: readonly AlarmWords[]) => readonly AlarmWords[];
  sentence: (text: string) => string;
  count: (redactions: Readonly<Record<string, number>>, cuts: readonly Cut[]) => void;
  redactions: () => Readonly<Record<string, number>>;
  cuts: () => readonly Cut[];
}>;

const unique = (id: string, left: string): string => (left === id ? id : `${left} ${sha256(id).slice(0, 8)}`);

/** A boundary for one context: it remembers what it took out. */
export const openBoundary = (): Boundary => {
  const counts: Record<string, number> = {};
  const cuts: Cut[] = [];
  const noted = ({ text, found }: Readonly<{ text: string; found: readonly string[] }>): string => {
    for (const name of found) counts[name] = (counts[name] ?? 0) + 1;
    return text;
  };
  const words = (text: string, most: number): string => noted(redact(text, most));
  const exact = (text: string): string => noted(redactTokens(text));
  /** A value whose own name says that it is a secret. */
  const unkeyed = (name: string, value: string, clean: (text: string) => string): string =>
    isSecretField(name, value) ? noted({ text: "<password>", found: ["password"] }) : clean(value);
  const version = (text: string | null): string | null =>
    text === null || text.length > ATTRIBUTE_CHARACTERS ? null : exact(text);
  const keep = <T>(source: string, kept: readonly T[], of: number): readonly T[] => {
    if (kept.length < of) cuts.push({ source, kept: kept.length, of, unit: "rows" });
    return kept;
  };
  const fields = <T>(
    source: string,
    of: Readonly<Record<string, T>>,
    field: (name: string, value: T) => readonly (readonly [name: string, value: T])[],
    most: number,
  ): Readonly<Record<string, T>> => {
    const all = Object.entries(of);
    const kept = all.slice(0, most).flatMap(([name, value]) => field(name, value));
    return Object.fromEntries(keep(source, kept, all.length));
  };
  const change = ({ id, kind, atMs, target, ref, from, to, author, title }: Change): Change => ({
    ...{ id: exact(id), kind, atMs, target: exact(target), from: version(from), to: version(to) },
    ref: words(ref, TITLE_CHARACTERS),
    author: words(author, TITLE_CHARACTERS),
    title: words(title, TITLE_CHARACTERS),
  });
  const resource = (row: Resource): Resource => ({
    ...{ arn: exact(row.arn), type: exact(row.type), name: exact(row.name), service: row.service },
    ...{ root: exact(row.root), zones: row.zones, dependsOn: row.dependsOn.slice(0, MOST_RESOURCES).map(exact) },
    tags: fields(
      "tags",
      row.tags,
      (name, value) => [
        [words(name, TAG_KEY_CHARACTERS), unkeyed(name, value, (text) => words(text, TAG_VALUE_CHARACTERS))],
      ],
      MOST_TAGS,
    ),
    attributes: fields<number | string | boolean | null>(
      "attributes",
      row.attributes,
      (name, value) => {
        if (typeof value !== "string") return [[exact(name), value]];
        return value.length > ATTRIBUTE_CHARACTERS ? [] : [[exact(name), unkeyed(name, value, exact)]];
      },
      MOST_RESOURCES,
    ),
  });
  return {
    alarms: (rows) =>
      rows.map(({ key, state, changedAtMs, periodSeconds, evaluationPeriods }) => ({
        ...{ key: exact(key), state, changedAtMs, periodSeconds, evaluationPeriods },
      })),
    series: (rows) =>
      rows.map(({ id, metric: { namespace, metricName, dimensions, stat, periodSeconds: each }, ...rest }) => ({
        // Still unique: two metrics that differ in a secret alone must not become one.
        id: unique(id, exact(id)),
        metric: { namespace, metricName, dimensions, stat, periodSeconds: each },
        ...{ arn: rest.arn, fromMs: rest.fromMs, periodSeconds: rest.periodSeconds, values: rest.values },
      })),
    changes: (rows) =>
      keep("changes", rows.toSorted((a, b) => b.atMs - a.atMs).slice(0, MOST_CHANGES), rows.length).map(change),
    resources: (rows) => keep("resources", rows.slice(0, MOST_RESOURCES), rows.length).map(resource),
    history: (rows) =>
      keep("history", rows.slice(-MOST_TRANSITIONS), rows.length).map(({ key, atMs, from, to }) => ({
        ...{ key: exact(key), atMs, from, to },
      })),
    words: (rows) =>
      keep("words", rows.slice(0, MOST_WORDS), rows.length).map(({ id, name, description, reason }) => ({
        id: exact(id),
        name: words(name, NAME_CHARACTERS),
        description: words(description, SENTENCE_CHARACTERS),
        reason: words(reason, SENTENCE_CHARACTERS),
      })),
    sentence: (text) => words(text, 200),
    count: (redactions, more) => {
      for (const [name, times] of Object.entries(redactions)) counts[name] = (counts[name] ?? 0) + times;
      cuts.push(...more);
    },
    redactions: () => counts,
    cuts: () => cuts,
  };
};
