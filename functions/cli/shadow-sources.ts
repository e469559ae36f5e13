import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { once } from "../core/once.ts";
import type { Ledger } from "../core/ports.ts";
import type { Settings } from "../core/settings.ts";
import type { AccountClients } from "./account-clients.ts";
import { awsFault } from "./account-errors.ts";
import { accountLedger } from "./account-ledger.ts";
import type { PastSources } from "./shadow-past.ts";

/** What of the past, and of today's resources, can be read; `notes` says what of it failed on the way, each once. */
export type NotedSources = PastSources & Readonly<{ notes: () => readonly string[] }>;

const DAY_MS = 86_400_000;
/** What ran before a deployment is looked for so far back. */
const BEFORE_MS = 7 * DAY_MS;

/** @param of null: without a configuration nobody knows what belongs to a service. `table` is the ledger's. */
export const sourcesOf = (
  clients: AccountClients,
  cloudWatch: CloudWatchClient,
  of: Readonly<{ settings: Settings; table: string }> | null,
  nowMs: number,
): NotedSources => {
  const notes = new Set<string>();
  const say = (sentence: string): void => void notes.add(sentence);
  if (of === null) {
    const because = "without a configuration nobody knows what belongs to a service";
    return { cloudWatch, nowMs, notes: () => [], resources: async () => because, changes: async () => because };
  }
  const { settings, table } = of;
  const zones = once(async () => {
    const { zoneIds } = await import("../adapters/aws/zone-ids.ts");
    return zoneIds(await clients.ec2());
  });
  const zoneIds = async () => (await zones())();
  const changesOf = once(async () => {
    const { liveChanges } = await import("../adapters/aws/changes/live-changes.ts");
    const { controlPlaneChanges } = await import("../adapters/aws/changes/control-plane-changes.ts");
    const { cloudTrailChanges } = await import("../adapters/aws/changes/cloudtrail.ts");
    const place = { account: settings.account, region: settings.region };
    const sources = [...controlPlaneChanges(clients.clientOf), cloudTrailChanges(await clients.cloudTrail(), place)];
    return liveChanges({ ledger: await readableLedger(clients, table, say), settings, sources, say });
  });
  return {
    ...{ cloudWatch, nowMs, notes: () => [...notes] },
    changes: async (arns, fromMs, toMs) => (await changesOf())(arns, fromMs, toMs),
    resources: async (arns, atMs) => {
      const { liveResources } = await import("../adapters/aws/resources/live-resources.ts");
      const changes = await changesOf();
      try {
        const recorded = (targets: readonly string[]) => changes(targets, atMs - BEFORE_MS, atMs);
        return await liveResources(clients.clientOf, settings, { recorded, say, zoneIds })(arns);
      } catch (error) {
        return `resources cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      }
    },
  };
};

/** The agent's ledger; an empty one where it is not deployed yet, or may not be read. */
const readableLedger = async (
  clients: AccountClients,
  table: string,
  say: (sentence: string) => void,
): Promise<Pick<Ledger, "read">> => {
  const ledger = await accountLedger(clients, table);
  try {
    await ledger.read("change#");
    return ledger;
  } catch (error) {
    const { kind, code } = awsFault(error);
    const why = kind === "absent" ? "it is not there yet" : `${code}: allow dynamodb:GetItem`;
    say(`changes come from CloudTrail and control planes alone, not from the agent's log ${table}: ${why}`);
    return { read: async () => null };
  }
};
