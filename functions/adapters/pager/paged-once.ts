import { z } from "zod";
import { sha256 } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import { change } from "../../core/ledger.ts";
import type { Ledger, Pager } from "../../core/ports.ts";

/** Where the ledger notes what was sent about an incident. */
export const pageKey = (incidentId: string): string => `page#${incidentId}`;

/** Digests of what each way of paging has sent, oldest first. */
const sent = z.record(z.string(), z.array(z.string()));
type Sent = z.infer<typeof sent>;

/** An incident of more messages is told by its newest. */
const MOST_SENT = 50;

/**
 * Makes a way of paging idempotent by incident: what it has sent is noted in the ledger after it was sent, so a crash, or
 * a ledger that fails, between the two sends it again. People rather hear twice than never: where the ledger cannot be
 * read, a page is sent. Words after the page go only where the page went.
 *
 * @param way its name in the ledger's item
 * @param send sends each time that it is called, and throws where it could not
 */
export const pagedOnce = (ledger: Pick<Ledger, "read" | "write">, way: string, send: Pager): Pager => {
  const noted = async (incidentId: string, digest: string): Promise<void> => {
    try {
      await change(ledger, pageKey(incidentId), (item) => {
        const before = sentIn(item);
        const own = before[way] ?? [];
        if (own.includes(digest)) return { stop: null };
        return { write: { ...before, [way]: [...own, digest].slice(-MOST_SENT) } };
      });
    } catch {
      // It was sent, which is what counts: a throw would have it sent again for certain, silence does so perhaps.
    }
  };
  const told = async (incidentId: string, digest: string, tell: () => Promise<void>): Promise<void> => {
    const before = sentIn((await ledger.read(pageKey(incidentId)))?.item ?? null)[way] ?? [];
    if (before.length === 0 || before.includes(digest)) return;
    await tell();
    await noted(incidentId, digest);
  };
  return {
    page: async (request) => {
      if (await hasPaged(ledger, request.incidentId, way)) return;
      await send.page(request);
      await noted(request.incidentId, "page");
    },
    update: (incidentId, text) => told(incidentId, digestOf("update", text), () => send.update(incidentId, text)),
    resolve: (incidentId, text) => told(incidentId, digestOf("resolve", text), () => send.resolve(incidentId, text)),
  };
};

const hasPaged = async (ledger: Pick<Ledger, "read">, incidentId: string, way: string): Promise<boolean> => {
  try {
    return (sentIn((await ledger.read(pageKey(incidentId)))?.item ?? null)[way] ?? []).length > 0;
  } catch {
    // Nobody knows whether it was sent: it is sent.
    return false;
  }
};

/** An item that is none says that nothing was sent. */
const sentIn = (item: Json): Sent => sent.safeParse(item).data ?? {};

const digestOf = (kind: string, text: string): string => `${kind} ${sha256(text).slice(0, 16)}`;
