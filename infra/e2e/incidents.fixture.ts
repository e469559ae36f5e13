import { alarmKey } from "../../functions/core/ids.ts";
import type { Account } from "./account.fixture.ts";
import { eventually } from "./act.fixture.ts";
import type { Slack } from "./slack.fixture.ts";
import type { keeping } from "./stage.fixture.ts";

/** One incident, as its alarm's lock in the ledger has it. */
export type Opened = Readonly<{ id: string; openedAtMs: number; key: string }>;
/** The card of an incident: the opaque id that its buttons carry, and the message that it is. */
export type Card = Readonly<{ opaqueId: string; ts: string }>;

/** What became of alarms: each waits until it is there. */
export const incidentsIn = (account: Account, kept: ReturnType<typeof keeping>, slack: Slack) => ({
  /** The incident that an alarm has opened; with `after`, the one after that. */
  of: async (alarmName: string, after?: Opened): Promise<Opened> => {
    const { account: inAccount, region } = account;
    const key = alarmKey({ account: inAccount, region, alarmName, contributorId: null });
    const group = `open#${key.split("/").slice(0, 3).join("/")}`;
    const lock = await eventually(`an incident of ${alarmName}`, async () => {
      const found = await kept.item(`open#${key}`, group);
      return found?.incidentId === after?.id ? null : found;
    });
    return { id: String(lock.incidentId), openedAtMs: Number(lock.openedAtMs), key };
  },
  card: (id: string): Promise<Card> =>
    eventually(`a card of ${id}`, async () => {
      const card = slack.posted().find(({ body }) => JSON.stringify(body).includes(id));
      const text = JSON.stringify(card?.body ?? "").replaceAll("\\", "");
      const opaqueId = /"value":\s*"([0-9a-f]{32})"/.exec(text)?.[1];
      return card === undefined || opaqueId === undefined ? null : { opaqueId, ts: card.ts };
    }),
  decisions: (id: string) =>
    eventually(`a decision of ${id}`, async () => {
      const decisions = await kept.group(`decision#${id}`);
      return decisions.length > 0 ? decisions : null;
    }),
  /** Recovery is soaked, or people are called: minutes. */
  record: (id: string) => eventually(`the record of ${id}`, () => kept.object(`records/${id}.json`), 900),
});
