import { z } from "zod";
import { hashOf } from "./ids.ts";
import type { Ports } from "./ports.ts";
import type { Card } from "./stages.ts";

/**
 * What a card stands for, as the ledger holds it under `card#OPAQUE`: a button carries the opaque id alone, and everything
 * that an answer is held against is read from here, never from whoever clicked.
 */
const askedCard = z.object({
  decisionId: z.string().min(1),
  incidentId: z.string().min(1),
  planHash: z.string().min(1),
  tier: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  consentsNeeded: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  expiresAtMs: z.number(),
  /** Where it was shown, and as which message; null until that is known. */
  channel: z.string().nullable(),
  ts: z.string().nullable(),
  /** How it ended; null while an answer counts. */
  settled: z.string().nullable(),
  /** Whether people were told by another way that it could not be shown. */
  isToldElsewhere: z.boolean(),
  /** The message without its buttons, as its adapter wrote it: what is left of it when it has ended. */
  shown: z.string(),
});
export type AskedCard = Readonly<z.infer<typeof askedCard>>;

/** The id that buttons carry: it says nothing of the plan, and is the same whenever the same plan is asked about. 32 hex digits. */
export const opaqueIdOf = (decisionId: string, planHash: string): string =>
  hashOf({ decisionId, planHash }).slice(0, 32);

export const OPAQUE_ID = /^[0-9a-f]{32}$/;

/** @param opaqueId as buttons carry it */
export const cardKey = (opaqueId: string): string => `card#${opaqueId}`;

/** Says under `opaqueId` which card was asked last for a decision. */
export const newestCardKey = (decisionId: string): string => `card#${decisionId}`;

/** A card that nobody has seen yet. */
export const newAskedCard = (card: Card, shown: string): AskedCard => ({
  decisionId: card.decisionId,
  incidentId: card.incidentId,
  planHash: card.plan.hash,
  tier: card.tier,
  consentsNeeded: card.consentsNeeded,
  expiresAtMs: card.expiresAtMs,
  channel: null,
  ts: null,
  settled: null,
  isToldElsewhere: false,
  shown,
});

/** An item of the ledger as the card that it holds; null where it holds none. */
export const parseAskedCard = (item: unknown): AskedCard | null => askedCard.safeParse(item).data ?? null;

/** The card behind an opaque id; null where there is none, or the id is none. */
export const readAskedCard = async (
  ledger: Pick<Ports["ledger"], "read">,
  opaqueId: string,
): Promise<AskedCard | null> =>
  OPAQUE_ID.test(opaqueId) ? parseAskedCard((await ledger.read(cardKey(opaqueId)))?.item) : null;
