import type { IncidentReport, ReportLine } from "../../core/incident-report.ts";

/** GitHub refuses a longer body (docs.github.com, "body is too long (maximum is 65536 characters)"). */
const BODY_CHARACTERS = 65_536;
const TITLE_CHARACTERS = 256;
/** Longer is no name and no sentence. */
const SPAN_CHARACTERS = 500;

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

const oneLine = (text: string): string => {
  const clean = text.slice(0, SPAN_CHARACTERS).toWellFormed().replace(UNSEEN, " ").trim();
  return text.length > SPAN_CHARACTERS ? `${clean}…` : clean;
};

/**
 * What somebody said, as code: GitHub renders no link, image, mention, reference or HTML inside it, and a fence longer
 * than any within cannot be closed from inside.
 */
export const asCode = (text: string): string => {
  const clean = oneLine(text) || "(empty)";
  const longest = Math.max(0, ...[...clean.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = clean.startsWith("`") || clean.endsWith("`") ? " " : "";
  return fence + pad + clean + pad + fence;
};

const lineOf = (line: ReportLine): string =>
  line.map((part) => (typeof part === "string" ? part : asCode(part.said))).join("");

/** The body of an issue. What does not fit is left out, line by line from the end, and counted. */
export const reportBody = ({ sections }: IncidentReport): string => {
  const lines = sections.flatMap(({ heading, lines: said }) => [
    `## ${heading}`,
    "",
    ...said.map((one) => `- ${lineOf(one)}`),
    "",
  ]);
  const room = BODY_CHARACTERS - 100;
  let length = 0;
  const kept = lines.filter((line) => {
    length += line.length + 1;
    return length <= room;
  });
  const left = lines.length - kept.length;
  return (
    kept.join("\n") + (left === 0 ? "" : `\n\n${left} more lines do not fit; they stand in the incident's record.\n`)
  );
};

/** The title of an issue: it begins with the incident's id, by which the issue is found again. */
export const reportTitle = (incidentId: string, { title }: IncidentReport): string => {
  const words = title.map((part) => (typeof part === "string" ? part : oneLine(part.said))).join("");
  // GitHub renders code in a title, and links what looks like an address: neither is left of what somebody said.
  const plain = words.replace(/[`<>@#[\]]/g, " ").replace(/:\/\//g, ": ");
  return `${titleMark(incidentId)} ${plain}`.slice(0, TITLE_CHARACTERS).toWellFormed().trim();
};

export const titleMark = (incidentId: string): string => `[${incidentId}]`;
