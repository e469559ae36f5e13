import { githubClient } from "../../adapters/github/client.ts";
import { recordsWithReport } from "../../adapters/github/records-with-report.ts";
import { githubReports, type Reports } from "../../adapters/github/report.ts";
import type { Note } from "../../adapters/telemetry/logger.ts";
import { metered } from "../../adapters/telemetry/meter.ts";
import type { Configuration } from "../../core/configuration.ts";
import { once } from "../../core/once.ts";
import type { Records } from "../../core/ports.ts";
import type { Secrets } from "./people.ts";

/** Records that are counted as metrics, and become issues where the configuration names a repository for them. */
export const deployedRecords = (
  { github }: Configuration,
  { records, secrets, note }: Readonly<{ records: Records; secrets: Secrets; note: Note }>,
): Records => {
  const counted = metered(records);
  if (github?.reports === undefined) return counted;
  const { reports: repository, tokenSecret } = github;
  const client = once(async () => githubClient(await secrets(tokenSecret)));
  const reports: Reports = { file: async (record) => githubReports(await client(), repository).file(record) };
  return recordsWithReport(counted, reports, (sentence) => note("warn", sentence));
};
