import { DETECTORS, type Detector } from "./detectors.ts";

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
/** Format, private-use and other ignorable characters, and half ones: they hide or split text and are dropped. */
const HIDDEN = /[\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
const GAP = /[\p{Cc}\p{Zl}\p{Zp}]/gu;
const PLAIN = /^[ -~]*$/;

/** Cuts without leaving half of a character behind, which no canonical JSON could hold. */
export const cut = (text: string, mostCharacters: number): string => text.slice(0, mostCharacters).toWellFormed();

/** What can be seen of a text, look-alike forms folded by NFKC; line ends stay, for the search alone. */
const visible = (text: string): string =>
  PLAIN.test(text)
    ? text
    : text
        .replace(ANSI, "")
        .normalize("NFKC")
        .replace(HIDDEN, "")
        .replace(/\r\n?|\u2028|\u2029/g, "\n");

export type Redacted = Readonly<{ text: string; found: readonly string[] }>;
type Span = Readonly<{ name: string; start: number; end: number }>;

/** Where a class of secrets stands in a text. A placeholder says what was there, a blob's its length too. */
const spansOf = (detector: Detector, text: string): readonly Span[] =>
  [...text.matchAll(detector.pattern)]
    .filter(([match]) => detector.holds?.(match) !== false)
    .map(({ 0: match, index }) => ({ name: detector.name, start: index, end: index + match.length }));

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

const ESCAPED = /%[0-7][0-9A-Fa-f]|\\u00[0-7][0-9A-Fa-f]|\\[rn]|\n[ \t]{0,16}/g;
const MAY_BE_ESCAPED = /%[0-7]|\\[rnu]|\n/;

/** A text as it reads once its escapes are undone and its lines joined; `at[i]` is where character i stood. */
type Reading = Readonly<{ text: string; at: readonly number[] }>;

const unescaped = (match: string): string => {
  const code = /^%|^\\u/.test(match) ? Number.parseInt(match.slice(match.startsWith("%") ? 1 : 2), 16) : 0;
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "";
};

const read = ({ text, at }: Reading): Reading => {
  const parts: string[] = [];
  const places: number[] = [];
  let from = 0;
  const keep = (to: number): void => {
    parts.push(text.slice(from, to));
    for (let i = from; i < to; i += 1) places.push(at[i] ?? 0);
  };
  for (const { 0: match, index } of text.matchAll(ESCAPED)) {
    keep(index);
    const written = unescaped(match);
    parts.push(written);
    if (written !== "") places.push(at[index] ?? 0);
    from = index + match.length;
  }
  keep(text.length);
  places.push(at[text.length] ?? 0);
  return { text: parts.join(""), at: places };
};

/** Secrets that only show once escapes are undone (twice: `%253D`) and lines joined, at their places in the text. */
const hiddenSpans = (detectors: readonly Detector[], text: string): readonly Span[] => {
  const whole: Reading = { text, at: Array.from({ length: text.length + 1 }, (_, i) => i) };
  const once = read(whole);
  const reading = MAY_BE_ESCAPED.test(once.text) ? read(once) : once;
  const lower = reading.text.toLowerCase();
  const all = detectors
    .filter((one) => one.sure && hinted(one, lower))
    .flatMap((one) => spansOf(one, reading.text))
    .map(({ name, start, end }) => ({ name, start: reading.at[start] ?? 0, end: reading.at[end] ?? text.length }))
    .toSorted((a, b) => a.start - b.start || b.end - a.end);
  let end = 0;
  return all.filter((span) => {
    const isFree = span.start >= end;
    if (isFree) end = span.end;
    return isFree;
  });
};

const hinted = ({ hints }: Detector, lower: string): boolean =>
  hints.length === 0 || hints.some((hint) => lower.includes(hint));

const stripped = (detectors: readonly Detector[], text: string): Redacted => {
  const found: string[] = [];
  const hidden = MAY_BE_ESCAPED.test(text) ? hiddenSpans(detectors, text) : [];
  let rest = without(text, hidden).replace(GAP, " ");
  for (const { name } of hidden) found.push(name);
  const lower = rest.toLowerCase();
  for (const detector of detectors) {
    if (!hinted(detector, lower)) continue;
    const spans = spansOf(detector, rest);
    if (spans.length === 0) continue;
    for (const { name } of spans) found.push(name);
    rest = without(rest, spans);
  }
  return { text: rest, found };
};

/**
 * Normalises a text, drops what cannot be seen, replaces secrets by their class: `<jwt>`, `<blob:300>`. A secret is also
 * found where it is cut in two by a line end or a hidden character, or written with percent or backslash escapes.
 */
export const redact = (text: string, mostCharacters = MOST_CHARACTERS): Redacted => {
  const window = cut(visible(cut(text, mostCharacters + MARGIN_CHARACTERS)), mostCharacters + MARGIN_CHARACTERS);
  const { text: rest, found } = stripped(DETECTORS, window);
  return { text: cut(rest, mostCharacters), found };
};

const SURE = DETECTORS.filter(({ sure }) => sure);

/** Like redact, but only what is surely a secret: no ARN, id, hash or metric name is ever changed by it. */
export const redactSure = (text: string): Redacted =>
  stripped(SURE, cut(visible(cut(text, MOST_LEAVING)), MOST_LEAVING));

const LINK = /\]\s{0,3}\(|!\[|\b[a-z][a-z0-9+.-]{1,20}:\/\//gi;

/** Other people's words for a sink that renders markup: nothing in them is a link, an image, a mention or a tag. */
export const plainText = (text: string): string =>
  text
    .replace(LINK, (markup) =>
      markup.endsWith("//") ? `${markup.slice(0, -3)}[:]//` : markup.startsWith("!") ? "! [" : "] (",
    )
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
