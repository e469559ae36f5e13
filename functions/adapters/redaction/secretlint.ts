import { lintSource } from "@secretlint/core";
import { secretLintProfiler } from "@secretlint/profiler";
import { rules } from "@secretlint/secretlint-rule-preset-recommend";

/**
 * Left out of the preset: `filter-comments` obeys disable comments inside the text, so an attacker's log line could
 * switch the others off; `npm` takes everything to the end of a line, and a prompt's evidence stands in one line.
 */
const LEFT_OUT = ["@secretlint/secretlint-rule-filter-comments", "@secretlint/secretlint-rule-npm"];
/** An account id is identity, not a secret. */
const IDENTITY = ["AWSAccountID"];
/** The largest prompt that the settings allow, with room for its frame; beyond it the rules take too long. */
const MOST_CHARACTERS = 200_000;

// It keeps marks of every call, for as long as the process lives.
secretLintProfiler.setEnabled(false);

const kept = rules.filter(({ meta }) => !LEFT_OUT.includes(meta.id)).map((rule) => ({ id: rule.meta.id, rule }));
/** Ids of the rules that look at a prompt. */
export const secondRules: readonly string[] = kept.map(({ id }) => id);

/** Masking can bring to light what a match had covered; what is still there after so many rounds is not sent. */
const MOST_ROUNDS = 3;

type Span = Readonly<{ start: number; end: number; rule: string }>;

/**
 * Masks what a second, foreign set of rules takes for a secret, just before a prompt is sent. Throws where the text is too
 * long to be read, and where these rules still find something in what was masked.
 */
export const secondRedactor =
  (): ((text: string) => Promise<string>) =>
  async (text): Promise<string> => {
    if (text.length > MOST_CHARACTERS)
      throw new Error(`${text.length} characters are more than ${MOST_CHARACTERS}: lower settings.context.promptBytes`);
    let masked = text.toWellFormed();
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const spans = await secretsIn(masked);
      if (spans.length === 0) return masked;
      masked = maskedAt(masked, spans);
    }
    if ((await secretsIn(masked)).length > 0)
      throw new Error(`secrets are found after ${MOST_ROUNDS} rounds of masking`);
    return masked;
  };

const secretsIn = async (content: string): Promise<readonly Span[]> => {
  const { messages } = await lintSource({
    source: { content, filePath: "prompt.txt", ext: ".txt", contentType: "text" },
    options: { noPhysicFilePath: true, config: { rules: kept } },
  });
  return messages
    .filter(({ messageId }) => !IDENTITY.includes(messageId))
    .map(({ range: [start, end], messageId }) => ({ ...spanOf(content, start, end), rule: messageId }))
    .toSorted((a, b) => a.start - b.start);
};

const maskedAt = (content: string, spans: readonly Span[]): string => {
  let masked = "";
  let from = 0;
  for (const { start, end, rule } of spans) {
    if (start >= from) masked += `${content.slice(from, start)}<${rule}>`;
    from = Math.max(from, end);
  }
  return masked + content.slice(from);
};

/** What may stand in a match before its secret: quotes, and the name by which AWS's rule knows a secret key. */
const BEFORE = /["']*(?:(?:aws)?_?secret_?access_?key["']?\s*(?::|=>|=)\s*["']?)?/iy;
/** A rule may count fewer characters than its secret has: AWS's gives the length of the key, from its name on. */
const MORE = /[\w/+=-]*/y;

const endOf = (pattern: RegExp, content: string, from: number): number => {
  pattern.lastIndex = from;
  return from + (pattern.exec(content)?.[0].length ?? 0);
};

/** Never beyond the JSON string in which the secret begins: the prompt stays readable. */
const spanOf = (content: string, matchStart: number, matchEnd: number): Pick<Span, "start" | "end"> => {
  const start = endOf(BEFORE, content, matchStart);
  const end = endOf(MORE, content, Math.max(start, matchEnd));
  const quote = content.slice(start, end).indexOf('"');
  if (quote < 0) return { start, end };
  let stop = start + quote;
  // A quote inside the string keeps the escape before it.
  while (stop > start && content[stop - 1] === "\\") stop -= 1;
  return { start, end: stop };
};
