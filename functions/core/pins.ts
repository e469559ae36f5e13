import { hashOf } from "./ids.ts";
import type { Guardrails, Pager } from "./ports.ts";
import { because } from "./reasons.ts";

/** A part that decides what may be done: its hash as it was deployed, and as it was loaded. */
export type Pinned = Readonly<{ what: string; deployed: string; loaded: string }>;

/** The parts that were loaded and are not those that were deployed, in the order given. */
export const straysAmong = (parts: readonly Pinned[]): readonly Pinned[] =>
  parts.filter(({ deployed, loaded }) => deployed !== loaded);

/** What strays, in one sentence. */
export const strayWords = (strays: readonly Pinned[]): string =>
  `Not as it was deployed: ${strays.map(({ what }) => what).join(", ")}.`;

/**
 * Guardrails that allow nothing but to call a person while a part strays. The guard asks before each proposal and again
 * before each start, so neither happens, each with this reason on record; the alarm is taken, looked into and handed to
 * people as ever. To end at the start instead would leave it unanswered until reconcile finds it.
 */
export const heldTo = (strays: readonly Pinned[], guardrails: Guardrails): Guardrails =>
  strays.length === 0
    ? guardrails
    : {
        hash: guardrails.hash,
        ask: async () => ({ kind: "refused", because: because("guard-error", strayWords(strays)), policies: [] }),
      };

/** Tells people what strays, once for the same finding, whatever an incident's settings say. Throws where the pager does. */
export const tellOfStrays = async (pager: Pick<Pager, "page">, strays: readonly Pinned[]): Promise<void> => {
  if (strays.length === 0) return;
  await pager.page({
    incidentId: `quell-strays-${hashOf(strays).slice(0, 26)}`,
    severity: 1,
    summary: `${strayWords(strays)} Quell changes nothing until it is deployed again`,
    details: strays.map(({ what, deployed, loaded }) => `${what}: ${deployed} was deployed, ${loaded} was loaded`),
  });
};
