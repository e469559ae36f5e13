import { z } from "zod";
import { linkIn, verifyChain } from "./audit.ts";
import type { AuditManifest, AuditStore } from "./audit-store.ts";
import { hashOf, isoTime } from "./ids.ts";
import type { Json } from "./json.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

const manifestSchema = z.strictObject({
  schema: z.literal(1),
  day,
  heads: z.array(z.strictObject({ incidentId: z.string(), seq: z.int().min(0), hash })),
  previous: z.strictObject({ day, hash }).nullable(),
  hash,
});

const hashOfManifest = ({ hash: _hash, ...rest }: AuditManifest): string => hashOf(rest);

/**
 * Closes a day that is over: writes the newest link that each chain had then, and the manifest before. The same day again
 * gives the manifest that is there. From then on no chain can be cut before these links unnoticed. Throws where the store
 * does, and where a manifest that is there cannot be read.
 */
export const manifestOf = async (store: AuditStore, closed: string): Promise<AuditManifest> => {
  const written = (await store.manifests()).map((row) => manifestSchema.parse(row));
  const known = written.find((one) => one.day === closed);
  if (known !== undefined) return known;
  const before = written.filter((one) => one.day < closed).at(-1);
  const heads: AuditManifest["heads"][number][] = [];
  for (const incidentId of (await store.grewOn(closed)).toSorted()) {
    // A chain may have grown since: what counts is where it stood when the day ended.
    const links = (await store.chain(incidentId)).map(linkIn).filter((link) => link !== null);
    const head = links.findLast((link) => link.at.slice(0, 10) <= closed);
    if (head !== undefined) heads.push({ incidentId, seq: head.seq, hash: head.hash });
  }
  const previous = before === undefined ? null : { day: before.day, hash: before.hash };
  const manifest: Omit<AuditManifest, "hash"> = { schema: 1, day: closed, heads, previous };
  const whole = { ...manifest, hash: hashOf(manifest) };
  if (await store.putManifest(whole)) return whole;
  // Another writer came first, or the reply to this one's write was lost.
  return (await store.manifests()).map((row) => manifestSchema.parse(row)).find((one) => one.day === closed) ?? whole;
};

/** What was looked at, and every fault that was found, one sentence each. */
export type Verified = Readonly<{ manifests: number; chains: number; links: number; faults: readonly string[] }>;

/**
 * Verifies the whole trail: each manifest, that each follows the one before, each chain that a manifest names, and that the
 * link which it names still lies there. @param today the days since the newest manifest have none yet: their chains are
 * verified by themselves; null: only what a manifest names
 */
export const verifyTrail = async (store: AuditStore, today: string | null = null): Promise<Verified> => {
  const rows = await store.manifests();
  const manifests = rows.map((row) => manifestSchema.safeParse(row).data ?? null);
  const known = manifests.filter((one) => one !== null);
  const faults = [...faultsOf(manifests)];
  const incidents = new Set(known.flatMap(({ heads }) => heads.map(({ incidentId }) => incidentId)));
  const days = daysBetween(known[0]?.day ?? today, today ?? known.at(-1)?.day ?? null);
  const newest = known.at(-1)?.day ?? "";
  for (const one of days) {
    const grew = await store.grewOn(one);
    for (const incidentId of grew) incidents.add(incidentId);
    const isMissing = one < newest && grew.length > 0 && known.every((manifest) => manifest.day !== one);
    if (isMissing) faults.push(`${one}: chains grew that day, and there is no manifest of it`);
  }
  let links = 0;
  for (const incidentId of [...incidents].toSorted()) {
    const chain = await store.chain(incidentId);
    links += chain.length;
    faults.push(...verifyChain(chain, incidentId), ...missingHeads(known, incidentId, chain));
  }
  return { manifests: rows.length, chains: incidents.size, links, faults };
};

const faultsOf = (manifests: readonly (AuditManifest | null)[]): readonly string[] =>
  manifests.flatMap((manifest, place) => {
    if (manifest === null) return [`manifest ${place} is none`];
    const before = place === 0 ? null : manifests[place - 1];
    const where = `the manifest of ${manifest.day}`;
    const { previous } = manifest;
    const follows =
      before === null ? previous === null : previous?.day === before?.day && previous?.hash === before?.hash;
    return [
      ...(manifest.hash === hashOfManifest(manifest)
        ? []
        : [`${where} was changed: its hash is not that of what it says`]),
      ...(follows ? [] : [`${where} does not follow the one before it: one was cut, put in or moved`]),
    ];
  });

const missingHeads = (
  manifests: readonly AuditManifest[],
  incidentId: string,
  chain: readonly Json[],
): readonly string[] =>
  manifests.flatMap((manifest) =>
    manifest.heads
      .filter((head) => head.incidentId === incidentId && linkIn(chain[head.seq] ?? null)?.hash !== head.hash)
      .map((head) => `${incidentId}: link ${head.seq}, which the manifest of ${manifest.day} names, is not there`),
  );

const DAY_MS = 86_400_000;

/** Every day from one to another, both included; none where either is not known. */
const daysBetween = (first: string | null, last: string | null): readonly string[] => {
  if (first === null || last === null) return [];
  const [fromMs, toMs] = [Date.parse(first), Date.parse(last)];
  const count = Math.max(0, Math.floor((toMs - fromMs) / DAY_MS) + 1);
  return Array.from({ length: count }, (_, i) => isoTime(fromMs + i * DAY_MS).slice(0, 10));
};
