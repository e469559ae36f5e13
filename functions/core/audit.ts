import { z } from "zod";
import { AUDIT_KINDS, type AuditEntry, type AuditKind, type AuditStore } from "./audit-store.ts";
import { hashOf, isoTime } from "./ids.ts";
import type { Json } from "./json.ts";
import type { Clock } from "./ports.ts";

/** What an entry tells; `key` names the one thing that it tells of, so that a retry does not tell it twice. */
export type AuditBody = Readonly<{ key: string }> & Readonly<Record<string, Json>>;

/** Writes down, link after link, what is done in an incident's name. */
export type AuditTrail = Readonly<{
  /** Returns once the entry lies in the chain, whoever put it there. Throws where that cannot be said. */
  append: (incidentId: string, kind: AuditKind, body: AuditBody) => Promise<void>;
}>;

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(json), z.record(z.string(), json)]),
);
const hash = z.string().regex(/^[0-9a-f]{64}$/);

const entrySchema = z.strictObject({
  schema: z.literal(1),
  incidentId: z.string(),
  seq: z.int().min(0),
  at: z.string(),
  kind: z.enum(AUDIT_KINDS),
  body: json,
  previous: hash,
  hash,
});

/** Of the link before the first. */
export const NO_LINK = "0".repeat(64);

/** A chain as it lies there cannot be gone on with: somebody changed it, or cut it. */
export class AuditDamaged extends Error {
  override readonly name = "AuditDamaged";
}

const hashOfEntry = ({ hash: _hash, ...rest }: AuditEntry): string => hashOf(rest);

/** Several writers may meet at one link, and each of them writes a handful of links. */
const MOST_TRIES = 10;

/**
 * A trail of one chain an incident. Each link names the hash of the one before it, so that what was written can neither be
 * changed nor taken out of the middle unnoticed. Text stands in canonical JSON alone: no character of it can begin an entry.
 */
export const auditTrail = (store: AuditStore, clock: Clock): AuditTrail => ({
  append: async (incidentId, kind, body) => {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const rows = await store.chain(incidentId);
      const [fault] = verifyChain(rows, incidentId);
      if (fault !== undefined) throw new AuditDamaged(`${fault}; nothing is added to it: run quell audit verify`);
      const chain = rows.map((row) => entrySchema.parse(row));
      if (chain.some((entry) => entry.kind === kind && keyOf(entry.body) === body.key)) return;
      const entry: Omit<AuditEntry, "hash"> = {
        ...{ schema: 1, incidentId, seq: chain.length, at: isoTime(clock.nowMs()), kind },
        ...{ body, previous: chain.at(-1)?.hash ?? NO_LINK },
      };
      // False: another writer's link lies there, or this one, whose reply was lost. The chain says which.
      if (await store.put({ ...entry, hash: hashOf(entry) })) return;
    }
    throw new Error(`${incidentId}: ${MOST_TRIES} other writers came first; the entry "${kind}" is not written`);
  },
});

const keyed = z.looseObject({ key: z.string() });
const keyOf = (body: Json): string | null => keyed.safeParse(body).data?.key ?? null;

/**
 * What is wrong with a chain as it lies there, one sentence each; nothing where every link is whole, in its place and names
 * the one before it. That the newest links were cut off shows only beside a manifest, or in what the record tells.
 */
export const verifyChain = (rows: readonly Json[], incidentId: string): readonly string[] => {
  let previous = NO_LINK;
  return rows.flatMap((row, place) => {
    const where = `${incidentId}: link ${place}`;
    const parsed = entrySchema.safeParse(row);
    if (!parsed.success) {
      previous = "";
      return [`${where} is no entry of an audit chain`];
    }
    const entry: AuditEntry = parsed.data;
    const faults = [
      ...(entry.incidentId === incidentId ? [] : [`${where} is of ${JSON.stringify(entry.incidentId)}`]),
      ...(entry.seq === place ? [] : [`${where} bears the number ${entry.seq}: a link was cut, put in or moved`]),
      ...(previous === "" || entry.previous === previous ? [] : [`${where} does not follow the link before it`]),
      ...(entry.hash === hashOfEntry(entry) ? [] : [`${where} was changed: its hash is not that of what it says`]),
    ];
    previous = entry.hash;
    return faults;
  });
};

/** A link as a manifest may name it; null of what is none. */
export const linkIn = (row: Json): AuditEntry | null => entrySchema.safeParse(row).data ?? null;
