import type { PageRequest } from "../../core/ports.ts";

/** Lines of details, and characters of each: whoever was woken reads the first few. */
const MOST_DETAILS = 30;
const MOST_CHARACTERS = 500;

/** What happened first, then what was found and done, then where to look. Plain text of some 15 kB at most. */
export const pageText = ({ incidentId, severity, summary, details }: PageRequest): string => {
  const more = details.length - MOST_DETAILS;
  return [
    cut(summary, MOST_CHARACTERS),
    ...(details.length > 0 ? [""] : []),
    ...details.slice(0, MOST_DETAILS).map((line) => `- ${cut(line, MOST_CHARACTERS)}`),
    ...(more > 0 ? [`- and ${more} more, in the incident's record`] : []),
    "",
    `Severity ${severity} (1 is the gravest). Incident ${incidentId}.`,
  ].join("\n");
};

/** One line of so many characters at most; what was cut off shows as three dots. */
export const cut = (text: string, most: number): string => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 3)}...` : line;
};

/** A text as one line of printable ASCII: accents are left out, anything else becomes a question mark. */
export const inAscii = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\x20-\x7e]/gu, "?");
