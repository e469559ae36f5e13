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
/** A prompt is at most a third of this. */
const MOST_CHARACTERS = 200_000;

// It keeps marks of every call, for as long as the process lives.
secretLintProfiler.setEnabled(false);

const kept = rules.filter(({ meta }) => !LEFT_OUT.includes(meta.id)).map((rule) => ({ id: rule.meta.id, rule }));
/** Ids of the rules that look at a prompt. */
export const secondRules: readonly string[] = kept.map(({ id }) => id);

/** Masks what a second, foreign set of rules takes for a secret, just before a prompt is sent; a longer text is cut. */
export const secondRedactor =
  (): ((text: string) => Promise<string>) =>
  async (text): Promise<string> => {
    const content = text.slice(0, MOST_CHARACTERS).toWellFormed();
    const { messages } = await lintSource({
      source: { content, filePath: "prompt.txt", ext: ".txt", contentType: "text" },
      options: { noPhysicFilePath: true, config: { rules: kept } },
    });
    const spans = messages
      .filter(({ messageId }) => !IDENTITY.includes(messageId))
      .map(({ range: [start, end], messageId }) => ({
        start,
        end: start + inOneString(content.slice(start, end)),
        messageId,
      }))
      .toSorted((a, b) => a.start - b.start);
    let rest = "";
    let from = 0;
    for (const { start, end, messageId } of spans) {
      if (start >= from) rest += `${content.slice(from, start)}<${messageId}>`;
      from = Math.max(from, end);
    }
    return rest + content.slice(from);
  };

/** A match never reaches beyond the JSON string in which it began: the prompt stays readable. */
const inOneString = (match: string): number => {
  const end = match.indexOf('"');
  return end < 0 ? match.length : end;
};
