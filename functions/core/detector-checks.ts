import type { Around } from "./detectors.ts";

/** What no pattern can say of a text that looks like a secret: check digits, ranges, and whether it is a word. */

/** The share of neighbours that are of different kinds (upper, lower, digit): 0.62 in random base64, 0.2 in words. */
const mixture = (text: string): number => {
  const kinds = [...text].map((c) =>
    c >= "0" && c <= "9" ? 0 : c >= "A" && c <= "Z" ? 1 : c >= "a" && c <= "z" ? 2 : 3,
  );
  return kinds.filter((kind, i) => i > 0 && kind !== kinds[i - 1]).length / Math.max(1, text.length - 1);
};
/** Random letters and digits, as in a key of its kind; no word is. */
export const isRandom = (text: string): boolean =>
  /[0-9]/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text) && mixture(text) >= 0.3;

/** What follows a scheme in an Authorization header, and not in a sentence about one. */
export const isCredential = (match: string): boolean => {
  const value =
    match
      .replace(/[="']{1,4}$/, "")
      .split(/[\s:="']/)
      .at(-1) ?? "";
  const isBasic = /basic\s{1,3}[^\s]{1,4000}$/i.test(match);
  if (isBasic && !isBase64(match.split(/\s/).at(-1) ?? "")) return false;
  return value.length >= 24 || /[0-9=._~+/]/.test(value) || mixture(value) >= 0.3;
};
const isBase64 = (text: string): boolean =>
  /^[A-Za-z0-9+/_-]{1,4000}={0,2}$/.test(text) && (text.length >= 16 || text.length % 4 === 0);

const NO_SECRET =
  /^(?:null|nil|none|true|false|yes|no|on|off|enabled|disabled|undefined|empty|unset|required|optional|invalid|missing|expired?|expires|incorrect|wrong|failed|failure|rejected|revoked|refresh(?:ed)?|mismatch|not|is|was|has|must|cannot|ok|redacted|hidden|masked|error|string|bearer|basic|[*.x#-]{3,40}|[*-]{1,2}|arn:aws.{0,500}|\[?redacted\]?)$/i;
/** A variable, a place in a template or a format, a path, a name or a call in code, and what a redaction put there. */
const REFERENCE =
  /^(?:(?:var|data|local|module|process|env|os|config|settings|self|this|args|params|secrets)\.[\w.[\]"'()]{1,100}|await|async|function|new|(?:\/[a-z0-9_.-]{1,60}){1,8}|\$\{.{0,100}|\$\(.{0,100}|\{\{.{0,100}|\$[A-Z_][A-Z0-9_]{0,60}|%[a-z]|<[a-z][a-z0-9:-]{0,40}>)$/;

const isValue = (text: string): boolean => {
  const value = text.replace(/^(?:[bu](?=[\\"']))?[\\"']{1,9}|[\\"',;.)}\]]{1,9}$/g, "");
  return value !== "" && !NO_SECRET.test(value) && !REFERENCE.test(value) && !REFERENCE.test(`${value}}`);
};

/** A plain word that a sentence goes on after: `secret: rotation late`, but not `token: abc host=db`. */
const isProse = (match: string, after: string): boolean =>
  /:\s{1,3}[A-Za-z]?[a-z]{1,40}$/.test(match) && /^,?\s{1,3}[a-z]{2,40}(?![\w.-]{0,40}[=:])/.test(after);

/** A segment of an ARN, an image or a path has a version behind it: `task-definition/auth-token:42`. */
const isSegment = (match: string, before: string): boolean =>
  /arn:aws[\w-]{0,20}:[^\s"']{0,60}$/.test(before) ||
  (/^[^:=\s]{1,60}:[\w.@-]{1,24}$/.test(match) && /[/:][\w.-]{0,60}$/.test(before));

/** A reference, a placeholder, a word about the secret and a part of a name are none. */
export const isAssigned = (match: string, { before, after }: Around): boolean =>
  !isSegment(match, before) && !isProse(match, after) && isValue(match.replace(/^.{0,80}?(?:=>|->|:=|=|:)\s{0,3}/, ""));

/** The value of a name and a value that stand side by side. */
export const isPaired = (match: string): boolean =>
  isValue(match.replace(/^.{0,200}?value["'\\]{0,8}\s{0,3}[:=]\s{0,3}/i, ""));

/** `the password is hunter22`, and not `the password is required`. */
export const isSaid = (match: string): boolean => {
  const said = /\s(?:is|was|to)[\s:]\s?(.{1,200})$/.exec(match)?.[1] ?? "";
  return /[0-9].{0,200}[a-z]|[a-z].{0,200}[0-9]/i.test(said) || /^["'].{0,200}$/.test(said);
};

/** What stands behind `password` and a space: a word of letters and digits mixed, and not the next of a sentence. */
export const isBehind = (match: string): boolean => {
  const [, value = ""] = /\s["']?([^\s"']{1,200})$/.exec(match) ?? [];
  if (REFERENCE.test(value) || /[/:@]/.test(value)) return false;
  return (
    isRandom(value) || (/pass|pwd/i.test(match) && /[0-9]/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value))
  );
};

/** Cookies that name a theme or a language are none; what identifies somebody is long or mixed. */
export const isSession = (match: string): boolean =>
  [...match.matchAll(/=([^\s"',;]{1,4000})/g)].some(
    ([, value = ""]) => value.length >= 20 || (value.length >= 6 && /[0-9]/.test(value) && /[a-z]/i.test(value)),
  );

/** What a command or a statement is given where a password belongs. */
export const isMeant = (match: string): boolean => isValue(match.replace(/^.{0,40}?\s/, ""));

const digitsOf = (text: string): readonly number[] => [...text.replace(/[^0-9]/g, "")].map(Number);
/** The check digit of ISO/IEC 7812. */
export const isLuhn = (match: string): boolean =>
  digitsOf(match)
    .toReversed()
    .reduce((sum, digit, i) => sum + (i % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0)), 0) %
    10 ===
  0;
/** The check digits of ISO 13616. */
export const isIban = (match: string): boolean => {
  const text = match.replaceAll(" ", "");
  const numbers = [...`${text.slice(4)}${text.slice(0, 4)}`].map((c) => Number.parseInt(c, 36));
  return text.length <= 34 && numbers.reduce((rest, n) => (rest * (n > 9 ? 100 : 10) + n) % 97, 0) === 1;
};
export const isPhone = (match: string): boolean => digitsOf(match).length >= 8 && digitsOf(match).length <= 15;

/** An address inside a private network says where something happened and nothing of a person: it stays. */
export const isPublicIpv4 = (match: string): boolean => {
  const [a = 0, b = 0, c = 0, d = 0] = match.split(".").map(Number);
  if (Math.max(a, b, c, d) > 255) return false;
  const isPrivate =
    a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 100 && b >= 64 && b <= 127);
  return !(isPrivate || a === 0 || a === 127 || a >= 224 || (a === 169 && b === 254));
};
/** Global unicast, 2000::/3; what else has colons is a time, a MAC address or code. */
export const isPublicIpv6 = (match: string): boolean => {
  const groups = match.split(":");
  return match.includes("::") ? match.split("::").length === 2 && groups.length <= 8 : groups.length === 8;
};

/** UUIDs, digests, trace ids, paths and long names are no blobs; random letters and endless ones are. */
export const isBlob = (match: string, { before }: Around): boolean => {
  if (/(?:sha(?:1|256|384|512)[-:]|h1:)$/i.test(before) || /^sha(?:1|256|384|512)-/.test(match)) return false;
  if (/^(?:[0-9a-f]{1,64}|[0-9A-F]{1,64}|[0-9a-f-]{1,64})$/.test(match)) return false;
  return match
    .split(/[/_-]/)
    .some((part) => (part.length >= 64 && !/^[0-9a-f]{64}$/i.test(part)) || (part.length >= 12 && isRandom(part)));
};
