import { AwsCallFailed } from "../adapters/aws/call.ts";
import { fileAuditStore, holdsAudit } from "../adapters/files/audit-store.ts";
import { verifyTrail } from "../core/audit-manifest.ts";
import type { AuditStore } from "../core/audit-store.ts";
import { callerOf } from "./account-caller.ts";
import { accountClients } from "./account-clients.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import type { Screen } from "./screen.ts";
import { plain } from "./terminal-text.ts";

type AuditFlags = Readonly<{ region?: string; json?: true }>;

/** Before this nobody wonders whether it hangs. */
const PATIENCE_MS = 2000;

/**
 * `quell audit verify`: every chain and manifest of a bucket, or of a copy of it in a folder. 0 = all whole, 1 = each fault
 * is named. Throws BadInput where there is nothing to verify, or it cannot be read.
 */
export const auditVerify = async (source: string, flags: AuditFlags, screen: Screen): Promise<ExitCode> => {
  const store = await storeAt(source, flags);
  const waiting = setInterval(() => {
    if (screen.isErrorLive === true) screen.writeError(`quell: still reading ${source} ...\n`);
  }, PATIENCE_MS);
  try {
    const found = await verifyTrail(store, new Date().toISOString().slice(0, 10));
    if (found.manifests === 0 && found.chains === 0) throw new BadInput(`${source}: ${NOTHING}`);
    const isWhole = found.faults.length === 0;
    if (flags.json === true) screen.write(`${JSON.stringify({ schema: 1, source, ok: isWhole, ...found })}\n`);
    else {
      for (const fault of found.faults) screen.write(`${screen.paint("red", "fault")}  ${plain(fault)}\n`);
      const { manifests, chains, links, faults } = found;
      screen.write(`audit: ${manifests} manifests, ${chains} chains with ${links} links; faults: ${faults.length}\n`);
    }
    return isWhole ? 0 : 1;
  } catch (cause) {
    if (!(cause instanceof AwsCallFailed)) throw cause;
    throw new BadInput(`${source}: ${cause.message}; reading it takes s3:ListBucket and s3:GetObject`, { cause });
  } finally {
    clearInterval(waiting);
  }
};

const NOTHING =
  "neither a manifest nor a chain of today lies there; name the bucket of the agent, or the folder that " +
  "`aws s3 sync s3://BUCKET/audit FOLDER/audit` made of it";

const storeAt = async (source: string, { region }: AuditFlags): Promise<AuditStore> => {
  if (!source.startsWith("s3://")) {
    if (!holdsAudit(source)) throw new BadInput(`${source}: no folder that holds audit/; name the folder above it`);
    return fileAuditStore(source);
  }
  const bucket = source.slice("s3://".length).replace(/\/$/, "");
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new BadInput(`${source}: cannot be used; give s3://BUCKET, without a path behind it`);
  const place = region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (place === undefined || place === "") throw new BadInput("no Region is named; give --region, or set AWS_REGION");
  const clients = accountClients(place, "read");
  await callerOf(clients);
  const { s3AuditStore } = await import("../adapters/aws/s3-audit.ts");
  return s3AuditStore(await clients.s3(), bucket);
};
