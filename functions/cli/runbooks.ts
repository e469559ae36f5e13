import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import { type Finding, lintCatalogue } from "../core/runbook-lint.ts";
import { BadInput, type ExitCode, type Write } from "./errors.ts";
import { type NeedsById, needsOf } from "./runbooks-consents.ts";
import { type Counts, countsOf, storedEpisodes } from "./runbooks-counts.ts";
import { nearest } from "./runbooks-nearest.ts";
import { type Sheet, sheetsOf } from "./runbooks-sheet.ts";
import { listJson, listLines, sheetLines } from "./runbooks-words.ts";
import type { Paint } from "./terminal-text.ts";

type Voice = Readonly<{ write: Write; paint: Paint }>;

/** What the guardrails that are shipped ask for each runbook of the catalogue that is shipped. */
export const shippedNeeds = (): Promise<NeedsById> => {
  const { policies, schema } = loadGuardrails();
  return needsOf(catalogue, cedarGuardrails(policies, schema));
};

/** `quell runbooks list`: what Quell can do, and how often it helped where a gameday's store is named. */
export const listRunbooks = async (
  flags: Readonly<{ json?: true; store?: string }>,
  { write, paint }: Voice,
): Promise<ExitCode> => {
  const counts: Counts | null =
    flags.store === undefined ? null : countsOf(storedEpisodes(flags.store), catalogue.hash);
  const sheets = sheetsOf(catalogue, await shippedNeeds());
  write(
    flags.json === true
      ? `${JSON.stringify(listJson(catalogue, sheets, counts))}\n`
      : `${listLines(sheets, counts, paint).join("\n")}\n`,
  );
  return 0;
};

/** `quell runbooks show ID`: everything about one. Throws BadInput that names the nearest ids where there is none. */
export const showRunbook = async (
  asked: string,
  flags: Readonly<{ json?: true }>,
  { write, paint }: Voice,
): Promise<ExitCode> => {
  const sheets = sheetsOf(catalogue, await shippedNeeds());
  const sheet = sheets.find(({ id, version }) => asked === id || asked === `${id}@${version}`);
  if (sheet === undefined) throw new BadInput(noSuch(asked, sheets));
  write(
    flags.json === true
      ? `${JSON.stringify({ schema: 1, hash: catalogue.hash, runbook: sheet })}\n`
      : `${sheetLines(sheet, paint).join("\n")}\n`,
  );
  return 0;
};

const noSuch = (asked: string, sheets: readonly Sheet[]): string => {
  const ids = nearest(
    asked,
    sheets.map(({ id }) => id),
  );
  return `no runbook is called ${asked}; nearest are ${ids.join(", ")}; \`quell runbooks list\` shows all`;
};

/** `quell runbooks lint`: every reason why a runbook may not be deployed; 1 where there is one. */
export const lintRunbooks = async (json: boolean, write: Write): Promise<ExitCode> => {
  const findings = lintCatalogue(catalogue);
  const summary = `runbooks: ${catalogue.runbooks.length} runbooks, ${findings.length} findings`;
  const lines = [...findings.map(findingLine), summary];
  write(
    json
      ? `${JSON.stringify({ schema: 1, runbooks: catalogue.runbooks.length, findings })}\n`
      : `${lines.join("\n")}\n`,
  );
  return findings.length === 0 ? 0 : 1;
};

const findingLine = ({ runbook, rule, where, message }: Finding): string =>
  `${runbook}: ${rule} at ${where}: ${message}`;
