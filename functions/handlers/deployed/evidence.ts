import { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { cloudTrailChanges } from "../../adapters/aws/changes/cloudtrail.ts";
import { type ChangesOf, controlPlaneChanges } from "../../adapters/aws/changes/control-plane-changes.ts";
import { liveChanges, toldChanges } from "../../adapters/aws/changes/live-changes.ts";
import { clientSettings, clientsWith } from "../../adapters/aws/clients.ts";
import { liveEvidence } from "../../adapters/aws/live-evidence.ts";
import { liveResources } from "../../adapters/aws/resources/live-resources.ts";
import type { ReadSecret } from "../../adapters/aws/secrets.ts";
import { githubChanges } from "../../adapters/github/changes.ts";
import type { Note } from "../../adapters/telemetry/logger.ts";
import type { Configuration } from "../../core/configuration.ts";
import { madeFrom } from "../../core/made-from.ts";
import type { Clock, Evidence, Ledger } from "../../core/ports.ts";

/** How far back it is asked what ran before what runs now: as far as changes are remembered. */
const ALWAYS_MS = 0;
/** Global services report there, whatever the Region. */
const GLOBAL_REGION = "us-east-1";

type Around = Readonly<{ ledger: Ledger; clock: Clock; secrets: ReadSecret; note: Note }>;

/** Evidence of this account and Region, from its own services, from what was told as it happened, and from GitHub. */
export const deployedEvidence = (configuration: Configuration, around: Around): Evidence => {
  const { settings } = configuration;
  const { ledger, clock, note } = around;
  const made = clientSettings(process.env);
  const clientOf = clientsWith(made);
  const say = (sentence: string): void => note("warn", sentence);
  const place = { account: settings.account, region: settings.region };
  const told = toldChanges(ledger);
  const recorded = (arns: readonly string[]) => told(arns, ALWAYS_MS, clock.nowMs());
  const zoneIds = async () => (await import("./zone-ids.ts")).deployedZoneIds();
  const sources = [
    ...controlPlaneChanges(clientOf),
    cloudTrailChanges(new CloudTrailClient(made), place),
    ...fromGithub(configuration, around),
  ];
  return liveEvidence({
    cloudWatch: new CloudWatchClient(made),
    globalCloudWatch: new CloudWatchClient({ ...made, region: GLOBAL_REGION }),
    logs: new CloudWatchLogsClient(made),
    ...{ place, clock },
    resources: liveResources(clientOf, settings, { recorded, say, zoneIds }),
    changes: liveChanges({ ledger, settings, sources, say }),
  });
};

const fromGithub = ({ github, settings }: Configuration, { secrets, note }: Around): readonly ChangesOf[] => {
  if (github === undefined || github.repositories.length === 0) return [];
  const client = madeFrom(
    () => secrets(github.tokenSecret),
    async (token) => (await import("../../adapters/github/client.ts")).githubClient(token),
  );
  const say = (sentence: string): void => note("warn", sentence);
  return [async (...asked) => githubChanges(await client(), github.repositories, settings.services, { say })(...asked)];
};
