import { z } from "zod";
import { draftOffline } from "../../core/draft.ts";
import type { Json } from "../../core/json.ts";
import type { Drafted, Drafter } from "../../core/ports.ts";
import { because } from "../../core/reasons.ts";
import { readReply } from "../../core/reply.ts";
import { NOTHING_HEARD, type Reply, replyIn } from "../llm/reply.ts";

const message = z.looseObject({
  content: z.array(z.looseObject({ type: z.string(), text: z.string().default("") })),
  stop_reason: z.string().nullable(),
});

const tokens = z.int().min(0).catch(0);
/** What is told beside the answer; what cannot be read of it is none. */
const told = z.object({
  model: z.string().nullable().catch(null),
  usage: z
    .object({
      input_tokens: tokens,
      cache_creation_input_tokens: tokens,
      cache_read_input_tokens: tokens,
      output_tokens: tokens,
    })
    .nullable()
    .catch(null),
});

type Said = Readonly<{ reply: Reply; cost: Pick<Drafted, "model" | "inputTokens" | "outputTokens"> }>;

/** An object that has both is a Messages API response, whatever they hold. */
const isResponse = (raw: Json): raw is Readonly<Record<string, Json>> =>
  typeof raw === "object" && raw !== null && Object.hasOwn(raw, "content") && Object.hasOwn(raw, "stop_reason");

const saidIn = (raw: Json): Said => {
  if (!isResponse(raw)) {
    const text = typeof raw === "string" ? raw : JSON.stringify(raw);
    return { reply: { kind: "text", text }, cost: { model: null, inputTokens: 0, outputTokens: 0 } };
  }
  const { model, usage } = told.parse(raw);
  const inputTokens =
    (usage?.input_tokens ?? 0) + (usage?.cache_creation_input_tokens ?? 0) + (usage?.cache_read_input_tokens ?? 0);
  return { reply: answerIn(raw), cost: { model, inputTokens, outputTokens: usage?.output_tokens ?? 0 } };
};

/** The answer of a whole response, judged as that of a live one is. */
const answerIn = (raw: Json): Reply => {
  const whole = message.safeParse(raw);
  if (!whole.success) return { kind: "none", code: "malformed-reply", detail: "the recorded response is no message" };
  const { content, stop_reason: stopReason } = whole.data;
  return replyIn({ ...NOTHING_HEARD, isWhole: true, stopReason, blocks: new Map(content.entries()) });
};

/**
 * Replays what a model once said; an array holds one reply a call, and past its end the offline drafter speaks. It
 * speaks too, with the code that a live drafter would give, where a reply cannot be used.
 */
export const recordedDrafter = (recorded: Json): Drafter => {
  const replies = Array.isArray(recorded) ? recorded : [recorded];
  let call = 0;
  return {
    draft: async (context, catalogue): Promise<Drafted> => {
      const raw = replies[call];
      call += 1;
      if (raw === undefined)
        return draftOffline(context, catalogue, because("no-reply", "no reply is recorded for this call"));
      const { reply, cost } = saidIn(raw);
      if (reply.kind === "none")
        return { ...draftOffline(context, catalogue, because(reply.code, reply.detail)), ...cost };
      const read = readReply(reply.text, context, catalogue);
      const { rejected } = read;
      if (read.kind === "unreadable")
        return { ...draftOffline(context, catalogue, because(read.code, read.detail)), ...cost, rejected };
      const { proposals, hypotheses } = read;
      return { name: "recorded", because: null, modelBecause: null, usd: 0, ...cost, hypotheses, proposals, rejected };
    },
  };
};
