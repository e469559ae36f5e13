import type { AlarmWords, Cut } from "./context.ts";
import { isSecretField } from "./detector-keyed.ts";
import type { AlarmSnapshot, AlarmTransition, Change, Resource, Series } from "./evidence.ts";
import { sha256 } from "./ids.ts";
import { redact, redactTokens } from "./redact.ts";
import { rememberedTexts } from "./remembered.ts";

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

/** The same tags and authors stand at many resources and changes: words in which nothing was found are remembered. */
const wordsOf = (mostCharacters: number) =>
  rememberedTexts(
    (text) => redact(text, mostCharacters),
    ({ found }) => found.length === 0,
  );
const asTitle = wordsOf(TITLE_CHARACTERS);
const asTagKey = wordsOf(TAG_KEY_CHARACTERS);
const asTagValue = wordsOf(TAG_VALUE_CHARACTERS);

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

const cleanSeries = (row: Series, exact: (text: string) => string): Series => {
  const { namespace, metricName, dimensions, stat, periodSeconds } = row.metric;
  return {
    // Still unique: two metrics that differ in a secret alone must not become one.
    id: unique(row.id, exact(row.id)),
    metric: { namespace, metricName, dimensions, stat, periodSeconds },
    arn: row.arn,
    fromMs: row.fromMs,
    periodSeconds: row.periodSeconds,
    values: row.values,
  };
};

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
  /** `field` gives a field's clean name and value, or null where it is left out. */
  const fields = <T>(
    source: string,
    of: Readonly<Record<string, T>>,
    field: (name: string, value: T) => readonly [name: string, value: T] | null,
    most: number,
  ): Readonly<Record<string, T>> => {
    const kept: (readonly [name: string, value: T])[] = [];
    const all = Object.entries(of);
    for (const [name, value] of all.length > most ? all.slice(0, most) : all) {
      const clean = field(name, value);
      if (clean !== null) kept.push(clean);
    }
    return Object.fromEntries(keep(source, kept, all.length));
  };
  const tag = (name: string, value: string): readonly [name: string, value: string] => [
    noted(asTagKey(name)),
    unkeyed(name, value, (text) => noted(asTagValue(text))),
  ];
  type Attribute = Resource["attributes"][string];
  const attribute = (name: string, value: Attribute): readonly [name: string, value: Attribute] | null => {
    if (typeof value !== "string") return [exact(name), value];
    return value.length > ATTRIBUTE_CHARACTERS ? null : [exact(name), unkeyed(name, value, exact)];
  };
  const change = ({ id, kind, atMs, target, ref, from, to, author, title }: Change): Change => ({
    ...{ id: exact(id), kind, atMs, target: exact(target), from: version(from), to: version(to) },
    ref: noted(asTitle(ref)),
    author: noted(asTitle(author)),
    title: noted(asTitle(title)),
  });
  const resource = (row: Resource): Resource => ({
    arn: exact(row.arn),
    type: exact(row.type),
    name: exact(row.name),
    service: row.service,
    root: exact(row.root),
    zones: row.zones,
    dependsOn: row.dependsOn.slice(0, MOST_RESOURCES).map(exact),
    tags: fields("tags", row.tags, tag, MOST_TAGS),
    attributes: fields("attributes", row.attributes, attribute, MOST_RESOURCES),
  });
  return {
    alarms: (rows) =>
      rows.map(({ key, state, changedAtMs, periodSeconds, evaluationPeriods }) => ({
        ...{ key: exact(key), state, changedAtMs, periodSeconds, evaluationPeriods },
      })),
    series: (rows) => rows.map((row) => cleanSeries(row, exact)),
    changes: (rows) =>
      keep("changes", rows.toSorted((a, b) => b.atMs - a.atMs).slice(0, MOST_CHANGES), rows.length).map(change),
    resources: (rows) => keep("resources", rows.slice(0, MOST_RESOURCES), rows.length).map(resource),
    history: (rows) =>
      keep("history", rows.slice(-MOST_TRANSITIONS), rows.length).map(({ key, atMs, from, to, maybeSetByHand }) => ({
        ...{ key: exact(key), atMs, from, to },
        ...(maybeSetByHand === true ? { maybeSetByHand } : {}),
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
