import { z } from "zod";
import type { Click } from "../../core/answer.ts";
import { OPAQUE_ID } from "../../core/asked-card.ts";
import { APPROVE, REASON, REJECT } from "./card-blocks.ts";

/** A click, and where its answer may be shown to the person alone. */
export type Interaction = Readonly<{ click: Click; responseUrl: string | null; actionTs: string }>;

const action = z.object({
  action_id: z.enum([APPROVE, REJECT]),
  value: z.string().regex(OPAQUE_ID),
  action_ts: z.string(),
});

// docs.slack.dev/reference/interaction-payloads/block_actions-payload; what is not named here is not read.
const payload = z.object({
  type: z.literal("block_actions"),
  team: z.object({ id: z.string() }),
  user: z.object({ id: z.string(), team_id: z.string() }),
  container: z.object({ message_ts: z.string(), channel_id: z.string() }),
  actions: z.tuple([action]),
  response_url: z.string().optional(),
  state: z
    .object({
      values: z.record(z.string(), z.record(z.string(), z.object({ value: z.string().nullish() }))).optional(),
    })
    .optional(),
});

/**
 * Reads a verified request's body as one click on one of a card's two buttons. Null where it is something else: another
 * kind of interaction, another button, or no interaction at all.
 */
export const readInteraction = (rawBody: Uint8Array): Interaction | null => {
  const parsed = payload.safeParse(payloadIn(Buffer.from(rawBody).toString("utf8")));
  if (!parsed.success) return null;
  const { team, user, container, actions, response_url: responseUrl, state } = parsed.data;
  const [{ action_id: answer, value: opaqueId, action_ts: actionTs }] = actions;
  const click: Click = {
    teamId: team.id,
    userTeamId: user.team_id,
    userId: user.id,
    answer,
    opaqueId,
    channelId: container.channel_id,
    messageTs: container.message_ts,
    reason: state?.values?.[REASON]?.[REASON]?.value ?? "",
  };
  return { click, responseUrl: responseUrl ?? null, actionTs };
};

const payloadIn = (body: string): unknown => {
  const given = new URLSearchParams(body).getAll("payload");
  try {
    return given.length === 1 ? JSON.parse(given[0] ?? "") : null;
  } catch {
    return null;
  }
};
