import { type Around, DETECTORS, type Detector } from "./detectors.ts";
import { rememberedTexts } from "./remembered.ts";

/**
 * Other people's text on its way in and on its way out: normalised, stripped of secrets and cut short. Every pattern is
 * linear-time and bounded; a text is cut before it is matched.
 */
const MOST_CHARACTERS = 500;
/** Read beyond the cut, so that a secret that the cut would halve is still known for one. */
const MARGIN_CHARACTERS = 2_000;
/** No text that leaves is longer: a field that is has been written to be a flood. */
const MOST_LEAVING = 60_000;

const ESCAPE = String.fromCharCode(27);
/** ECMA-48 control sequences: what colours a terminal, moves its cursor or sets its title. */
const ANSI = new RegExp(`(?:${ESCAPE}\\[|\u009b)[0-?]{0,32}[ -/]{0,8}[@-~]`, "g");
/** Format, private-use and other ignorable characters, half ones and the blank Braille cell: they hide or split text. */
const HIDDEN = /[\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const GAP = /[\p{Cc}\p{Zl}\p{Zp}]/gu;
const DASHES = /[\u2010-\u2015\u2212]/g;
const PLAIN = /^[ -~]*$/;

/** Cuts without leaving half of a character behind, which no canonical JSON could hold. */
export const cut = (text: string, mostCharacters: number): string => text.slice(0, mostCharacters).toWellFormed();

/** What can be seen of a text; line ends stay, for the search alone. */
const visible = (text: string): string =>
  PLAIN.test(text)
    ? text
    : text
        .replace(ANSI, "")
        .replace(HIDDEN, "")
        .replace(/\r\n?|\u2028|\u2029/g, "\n");
/** Look-alike forms made one: `\uff50assword` is `password`. */
const folded = (text: string): string =>
  PLAIN.test(text) ? text : text.normalize("NFKC").replace(HIDDEN, "").replace(DASHES, "-");

/** A text as its reader sees it, look-alikes made one, and no longer than that. */
const readable = (text: string, mostCharacters: number): string =>
  text.length <= mostCharacters && PLAIN.test(text)
    ? text
    : cut(folded(visible(cut(text, mostCharacters))), mostCharacters);

export type Redacted = Readonly<{ text: string; found: readonly string[] }>;
type Span = Readonly<{ name: string; start: number; end: number }>;

/** Where a class of secrets stands in a text. A placeholder says what was there, a blob's its length too. */
const spansOf = (detector: Detector, text: string): readonly Span[] =>
  // Most texts have none, and a search alone needs no copy of the pattern.
  (text.search(detector.pattern) < 0 ? [] : [...text.matchAll(detector.pattern)])
    .filter(({ 0: match, index }) => detector.holds?.(match, around(text, index, index + match.length)) !== false)
    .map(({ 0: match, index }) => ({ name: detector.name, start: index, end: index + match.length }));

const around = (text: string, start: number, end: number): Around => ({
  before: text.slice(Math.max(0, start - 80), start),
  after: text.slice(end, end + 80),
});

const placeholder = ({ name, start, end }: Span): string => (name === "blob" ? `<blob:${end - start}>` : `<${name}>`);

const without = (text: string, spans: readonly Span[]): string => {
  let rest = "";
  let from = 0;
  for (const span of spans) {
    rest += text.slice(from, span.start) + placeholder(span);
    from = span.end;
  }
  return rest + text.slice(from);
};

const ESCAPED =
  /%[0-7][0-9A-Fa-f]|\\u00[0-7][0-9A-Fa-f]|\\x[0-7][0-9A-Fa-f]|&(?:quot|apos|amp|#[0-9]{1,3}|#x[0-9A-Fa-f]{1,2});|\\[rn/]|\n[ \t]{0,16}/g;
const MAY_BE_ESCAPED = /%[0-7]|\\[rnux/]|&(?:quot|apos|amp|#)|\n/;
/** Written otherwise than by line ends: what stands for a character of its own. */
const IS_ESCAPED = /%[0-7][0-9A-Fa-f]|\\u00|\\x[0-7]|&#/;
const ENTITIES: Readonly<Record<string, string>> = { "&quot;": '"', "&apos;": "'", "&amp;": "&", "\\/": "/" };

/** A text as it reads once its escapes are undone and its lines joined; `at[i]` is where character i stood. */
type Reading = Readonly<{ text: string; at: readonly number[] }>;

const unescaped = (match: string): string => {
  const entity = ENTITIES[match];
  if (entity !== undefined) return entity;
  const [, decimal] = /^&#([0-9]{1,3});$/.exec(match) ?? [];
  const [, hex = ""] = /^(?:%|\\u|\\x|&#x)([0-9A-Fa-f]{1,4});?$/.exec(match) ?? [];
  const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "";
};

/** How the lines of a text are joined: `every`, or every other one only, for a secret that begins with a line of its own. */
type Joins = "every" | "even" | "odd" | "none";

const read = ({ text, at }: Reading, joins: Joins): Reading => {
  const parts: string[] = [];
  const places: number[] = [];
  let from = 0;
  let line = 0;
  const keep = (to: number): void => {
    parts.push(text.slice(from, to));
    for (let i = from; i < to; i += 1) places.push(at[i] ?? 0);
  };
  for (const { 0: match, index } of text.matchAll(ESCAPED)) {
    keep(index);
    const isEnd = match.startsWith("\n");
    if (isEnd) line += 1;
    const isJoined = joins === "every" || joins === (line % 2 === 0 ? "even" : "odd");
    const written = isEnd ? (isJoined ? "" : " ") : unescaped(match);
    parts.push(written);
    if (written !== "") places.push(at[index] ?? 0);
    from = index + match.length;
  }
  keep(text.length);
  places.push(at[text.length] ?? 0);
  return { text: parts.join(""), at: places };
};

const spansIn = (detectors: readonly Detector[], text: string, joins: Joins): readonly Span[] => {
  const whole: Reading = { text, at: Array.from({ length: text.length + 1 }, (_, i) => i) };
  const first = read(whole, joins);
  const reading = MAY_BE_ESCAPED.test(first.text) ? read(first, joins) : first; // twice: `%253D`
  const lower = reading.text.toLowerCase();
  return detectors
    .filter((one) => hinted(one, lower))
    .flatMap((one) => spansOf(one, reading.text))
    .map(({ name, start, end }) => ({ name, start: reading.at[start] ?? 0, end: reading.at[end] ?? text.length }));
};

/** Secrets that only show once escapes are undone and lines joined, at their places in the text. */
const hiddenSpans = (detectors: readonly Detector[], text: string): readonly Span[] => {
  const sure = detectors.filter((one) => one.sure !== null);
  const guesses = detectors.filter((one) => one.sure === null);
  const ends = text.split("\n", 3).length - 1;
  const all = [
    ...spansIn(sure, text, "every"),
    ...(ends < 2 ? [] : [...spansIn(sure, text, "even"), ...spansIn(sure, text, "odd")]),
    ...(guesses.length === 0 || !IS_ESCAPED.test(text) ? [] : spansIn(guesses, text, "none")),
  ].toSorted((a, b) => a.start - b.start || b.end - a.end);
  const apart: Span[] = [];
  for (const span of all) {
    const last = apart.at(-1);
    // Two that overlap are one, as long as both: what the first leaves of the second may be the secret.
    if (last === undefined || span.start >= last.end) apart.push(span);
    else if (span.end > last.end) apart.splice(-1, 1, { ...last, end: span.end });
  }
  return apart;
};

/** Finds any of these texts, as they stand. */
export const anyOf = (texts: readonly string[]): RegExp =>
  new RegExp([...new Set(texts)].map((text) => text.replace(/[\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"));

/**
 * Detectors with one look for the hints of all those of them that are sure: most texts have none, and skip some hundred
 * searches.
 */
type Search = Readonly<{ detectors: readonly Detector[]; sureHints: RegExp }>;

const searchFor = (detectors: readonly Detector[]): Search => {
  const hints = detectors.flatMap((one) => (one.sure === null ? [] : one.hints));
  return { detectors, sureHints: anyOf(hints) };
};
const EVERYTHING = searchFor(DETECTORS);
const SURE = searchFor(DETECTORS.filter(({ sure }) => sure !== null));
const TOKENS = searchFor(DETECTORS.filter(({ sure }) => sure === "token"));

const hinted = ({ hints }: Detector, lower: string): boolean =>
  hints.length === 0 || hints.some((hint) => lower.includes(hint));

const stripped = ({ detectors, sureHints }: Search, text: string): Redacted => {
  const found: string[] = [];
  const hidden = MAY_BE_ESCAPED.test(text) ? hiddenSpans(detectors, text) : [];
  let rest = PLAIN.test(text) && hidden.length === 0 ? text : without(text, hidden).replace(GAP, " ");
  for (const { name } of hidden) found.push(name);
  const lower = rest.toLowerCase();
  const maySurely = sureHints.test(lower);
  let asked: Detector | null = null;
  let isHinted = false;
  for (const detector of detectors) {
    if (detector.sure !== null && !maySurely) continue;
    if (detector.hints !== asked?.hints) isHinted = hinted(detector, lower); // neighbours share theirs
    asked = detector;
    if (!isHinted) continue;
    const spans = spansOf(detector, rest);
    if (spans.length === 0) continue;
    for (const { name } of spans) found.push(name);
    rest = without(rest, spans);
  }
  return { text: rest, found };
};

/** What opens a link, an image, a mention or a tag in one markup or another, and is none with a space in it. */
const MARKUP = /\](?=\()|!(?=\[)|<(?=[!@#]|https?:|mailto:)/gi;

/**
 * Other people's words as they come in: folded, without what cannot be seen, secrets replaced by their class: `<jwt>`,
 * `<blob:300>`. A secret is also found where it is cut in two by a line end or a hidden character, or written with
 * escapes. The rest is text, which whoever renders it has to escape; what would be live markup is broken even so.
 */
export const redact = (text: string, mostCharacters = MOST_CHARACTERS): Redacted => {
  const most = mostCharacters + MARGIN_CHARACTERS;
  const { text: rest, found } = stripped(EVERYTHING, readable(text, most));
  return { text: cut(rest.replace(MARKUP, "$& "), mostCharacters), found };
};

/** Words on their way out: like redact, but only what is surely a secret. Where nothing is found no letter is changed. */
export const redactSure = (text: string): Redacted => {
  const seen = visible(cut(text, MOST_LEAVING));
  const done = stripped(SURE, cut(folded(seen), MOST_LEAVING));
  return done.found.length > 0 ? done : { text: seen.replace(GAP, " "), found: [] };
};

/**
 * A name that something is compared by: an ARN, an id, a version, a hash. It is the same text, to the last character,
 * unless there is a secret in it that shows by itself. A resource keeps its name from one decision to the next, and one
 * context names it many times: what is clean is remembered.
 */
export const redactTokens = rememberedTexts(
  (text): Redacted => {
    const done = stripped(TOKENS, readable(text, MOST_LEAVING));
    return done.found.length > 0 || text.length > MOST_LEAVING ? done : { text, found: [] };
  },
  ({ found }) => found.length === 0,
);
