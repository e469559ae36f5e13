/** Text that is markup already. Only `html` makes it, so whatever else is put into a page is escaped. */
export type Html = Readonly<{ markup: string }>;

type Part = string | number | Html | readonly Html[] | null;

/** A template whose values are escaped, be they in an element or in a quoted attribute; null is nothing. */
export const html = (texts: TemplateStringsArray, ...values: readonly Part[]): Html => ({
  markup: texts.map((text, index) => `${index === 0 ? "" : markupOf(values[index - 1] ?? null)}${text}`).join(""),
});

const markupOf = (part: Part): string => {
  if (part === null) return "";
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("");
};

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Characters that HTML forbids, or that turn text around unseen, become blanks: what is read is what is written. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/gu, " ")
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
