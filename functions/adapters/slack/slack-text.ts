/** What cannot be seen hides or reorders text; what breaks a line makes one fact look like two. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
const UNSEEN_BUT_LINES = /[^\P{Cc}\n]+|[\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** On one line, nothing in it hidden. */
export const oneLine = (text: string): string => text.replace(UNSEEN, " ").trim();

/** A value as it is, to the last character: quoted, and what cannot be seen written out. */
export const exactly = (value: unknown): string =>
  (JSON.stringify(value) ?? "null").replace(/[\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...character].map((one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`).join(""),
  );

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The three characters by which Slack knows links, mentions and dates, in any kind of text. */
export const escaped = (text: string): string => text.replace(/[&<>]/g, (one) => ENTITIES[one] ?? one);

/**
 * Escaped, and no longer than Slack takes: what is left out is said, in characters of the text as it was given.
 * @param most characters, at least 40
 */
export const fitted = (text: string, most: number): string => {
  const seen = text.replace(UNSEEN_BUT_LINES, " ");
  const whole = escaped(seen);
  if (whole.length <= most) return whole;
  const room = most - " … (1234567 more characters)".length;
  let kept = "";
  let taken = 0;
  for (const character of seen) {
    const next = escaped(character);
    if (kept.length + next.length > room) break;
    kept += next;
    taken += character.length;
  }
  return `${kept.trimEnd()} … (${seen.length - taken} more characters)`;
};
