/** What no pattern can say of a text that looks like a secret: check digits, ranges, and whether it is a word. */

/** The share of neighbours that are of different kinds (upper, lower, digit): 0.62 in random base64, 0.2 in words. */
const mixture = (text: string): number => {
  const kinds = [...text].map((c) =>
    c >= "0" && c <= "9" ? 0 : c >= "A" && c <= "Z" ? 1 : c >= "a" && c <= "z" ? 2 : 3,
  );
  return kinds.filter((kind, i) => i > 0 && kind !== kinds[i - 1]).length / Math.max(1, text.length - 1);
};
const isRandom = (text: string): boolean =>
  /[0-9]/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text) && mixture(text) >= 0.3;

/** What follows a scheme in an Authorization header, and not in a sentence about one. */
export const isCredential = (match: string): boolean => {
  const value =
    match
      .replace(/={1,2}$/, "")
      .split(/[\s:=]/)
      .at(-1) ?? "";
  return value.length >= 24 || /[0-9=._~+/]/.test(value) || mixture(value) >= 0.3;
};

const NO_SECRET =
  /^(?:null|nil|none|true|false|undefined|empty|unset|required|optional|invalid|missing|expired?|expires|incorrect|wrong|failed|failure|rejected|revoked|refresh(?:ed)?|mismatch|not|is|was|has|must|cannot|ok|redacted|hidden|masked|error|string|bearer|basic|[*.x#-]{3,40}|[*-]{1,2}|\$\{.{0,100}|\{\{.{0,100}|\$[A-Z_]{1,60}|%[a-z]|arn:aws.{0,500}|\[?redacted\]?)$/i;
/** A reference, a placeholder, a word about the secret and the ids of a user and a group are none. */
export const isAssigned = (match: string): boolean => {
  if (/^[<?&]|^--(?!user\s)/.test(match)) return true;
  if (/^(?:-u|--user)\s/.test(match)) return !/\s[0-9]{1,10}:[0-9]{1,10}$/.test(match);
  const [, said] = /\s(?:is|was)\s(.{1,200})$/.exec(match) ?? [];
  if (said !== undefined && !/[=:]/.test(match.slice(0, -said.length))) return /[0-9].*[a-z]|[a-z].*[0-9]/i.test(said);
  const value = match.replace(/^.{0,60}?(?:=>|:=|=|:)\s{0,3}/, "").replace(/^[\\"']{1,2}|[\\"',;.)}\]]{1,4}$/g, "");
  return value !== "" && !NO_SECRET.test(value);
};

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
export const isBlob = (match: string): boolean => {
  if (/^(?:[0-9a-f]{1,64}|[0-9A-F]{1,64}|[0-9a-f-]{1,64})$/.test(match)) return false;
  return match.split(/[/_-]/).some((part) => part.length >= 64 || (part.length >= 12 && isRandom(part)));
};
