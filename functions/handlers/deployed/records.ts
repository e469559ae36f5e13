import type { ReadSecret } from "../../adapters/aws/secrets.ts";
import { recordsWithReport } from "../../adapters/github/records-with-report.ts";
import { githubReports, type Reports } from "../../adapters/github/report.ts";
import type { Note } from "../../adapters/telemetry/logger.ts";
import { type Tell, tellReported } from "../../core/audit-tell.ts";
import type { Configuration } from "../../core/configuration.ts";
import { madeFrom } from "../../core/made-from.ts";
import type { Records } from "../../core/ports.ts";

/** Records that become issues as well, where the configuration names a repository for them. */
export const reportedRecords = (
  { github }: Configuration,
  { records, secrets, note, tell }: Readonly<{ records: Records; secrets: ReadSecret; note: Note; tell: Tell }>,
): Records => {
  if (github?.reports === undefined) return records;
  const { reports: repository, tokenSecret } = github;
  const client = madeFrom(
    () => secrets(tokenSecret),
    async (token) => (await import("../../adapters/github/client.ts")).githubClient(token),
  );
  const reports: Reports = { file: async (record) => githubReports(await client(), repository).file(record) };
  const say = (sentence: string): void => note("warn", sentence);
  return recordsWithReport(records, reports, say, (record, at) => tellReported(tell, record, at));
};
