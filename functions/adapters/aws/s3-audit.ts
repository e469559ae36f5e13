import type { S3Client } from "@aws-sdk/client-s3";
import type { AuditStore } from "../../core/audit-store.ts";
import type { Json } from "../../core/json.ts";
import { type Bucket, keyPart, listKeys, putOnce, readObjects } from "./s3-objects.ts";

const CHAINS = "audit/chains";
const MANIFESTS = "audit/manifests/";
const GREW = "audit/grew";

/** Digits of a link's number in its key, so that keys sort as numbers do; no incident has a million links. */
const SEQ_DIGITS = 6;
const MOST_SEQ = 10 ** SEQ_DIGITS - 1;

/**
 * Chains as objects of a bucket, each written on condition that none lies there. Before a link an empty marker says that
 * its chain grew that day: a crash between leaves a marker too many, never a link that no manifest looks for. Throws
 * AwsCallFailed; what was to be written may then be there.
 */
export const s3AuditStore = (client: S3Client, name: string): AuditStore => {
  const bucket = { client, name };
  return {
    put: async (entry) => {
      const key = linkKey(entry.incidentId, entry.seq);
      await putOnce(bucket, `${GREW}/${dayIn(entry.at)}/${keyPart(entry.incidentId)}`, "");
      return putOnce(bucket, key, JSON.stringify(entry));
    },
    chain: async (incidentId) => readAll(bucket, `${CHAINS}/${keyPart(incidentId)}/`),
    grewOn: async (day) => {
      const prefix = `${GREW}/${keyPart(day)}/`;
      return (await listKeys(bucket, prefix)).map((key) => key.slice(prefix.length));
    },
    putManifest: async (manifest) =>
      putOnce(bucket, `${MANIFESTS}${keyPart(manifest.day)}.json`, JSON.stringify(manifest)),
    manifests: async () => readAll(bucket, MANIFESTS),
  };
};

const linkKey = (incidentId: string, seq: number): string => {
  if (!Number.isInteger(seq) || seq < 0 || seq > MOST_SEQ) throw new Error(`${incidentId}: ${seq} is no link's number`);
  return `${CHAINS}/${keyPart(incidentId)}/${String(seq).padStart(SEQ_DIGITS, "0")}.json`;
};

const dayIn = (at: string): string => {
  if (!/^\d{4}-\d{2}-\d{2}T/.test(at)) throw new Error(`${JSON.stringify(at)} is no time of UTC in ISO 8601`);
  return at.slice(0, 10);
};

const readAll = async (bucket: Bucket, prefix: string): Promise<readonly Json[]> => {
  const texts = await readObjects(bucket, await listKeys(bucket, prefix));
  return texts.map((text) => parsed(text ?? ""));
};

/** What is no JSON comes back as its text: whoever verifies the chain then finds a link that is none. */
const parsed = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
};
