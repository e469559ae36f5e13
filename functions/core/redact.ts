/**
 * Other people's text on its way in and on its way out: normalised, stripped of secrets and cut short. Every pattern is
 * linear-time and bounded; a text is cut before it is matched.
 */
const MOST_CHARACTERS = 500;

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

/** Format and private-use characters hide or split text and are dropped; a control character is a gap. */
const HIDDEN = /[\p{Cf}\p{Co}]/gu;
const CONTROL = /\p{Cc}/gu;

/** Cuts without leaving half of a character behind, which no canonical JSON could hold. */
export const cut = (text: string, mostCharacters: number): string => text.slice(0, mostCharacters).toWellFormed();

export type Redacted = Readonly<{ text: string; found: readonly string[] }>;

/** Normalises a text (look-alike forms folded by NFKC), drops what cannot be seen, replaces secrets by their class. */
export const redact = (text: string, mostCharacters = MOST_CHARACTERS): Redacted => {
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
