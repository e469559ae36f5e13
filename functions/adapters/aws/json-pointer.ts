import type { z } from "zod";

/** RFC 6901: names one value inside a JSON document. The empty path, the whole document, is the empty string. */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** One line for a failed parse: `POINTER: what is wrong there`, for the first culprit. */
export const describeIssue = (error: z.ZodError): string => {
  const issue = error.issues[0];
  return issue === undefined ? ": unreadable" : `${jsonPointer(issue.path)}: ${issue.message}`;
};
