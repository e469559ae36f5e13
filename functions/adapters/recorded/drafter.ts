import { z } from "zod";
import { draftOffline } from "../../core/draft.ts";
import type { Json } from "../../core/json.ts";
import type { Drafted, Drafter } from "../../core/ports.ts";
import { because } from "../../core/reasons.ts";

const proposal = z.object({
  runbook: z.string(),
  version: z.string(),
  target: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  because: z.string().default(""),
  evidence: z
    .array(z.string())
    .default([])
    .transform((ids) => ids.map((id) => ({ id, says: null }))),
  recovers: z.number().min(0).max(1).nullable().default(null),
});
const reply = z.object({ candidates: z.array(proposal) });

const message = z.object({
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  stop_reason: z.string().nullable(),
  model: z.string().optional(),
});

/** A reply as the model gave it: a Messages API response, or the reply's text (or the JSON that the text would hold). */
type Said = Readonly<{ text: string | null; stopped: string | null; model: string | null; value: Json }>;

const saidIn = (raw: Json): Said => {
  const response = message.safeParse(raw);
  if (response.success) {
    const text = response.data.content.map((block) => block.text ?? "").join("");
    return { text, stopped: response.data.stop_reason, model: response.data.model ?? null, value: null };
  }
  return { text: typeof raw === "string" ? raw : null, stopped: null, model: null, value: raw };
};

const parsed = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null; // not JSON: the schema below refuses it, and the offline drafter speaks
  }
};

/** Replays what a model once said; an array holds one reply a call, and past its end the offline drafter speaks. */
export const recordedDrafter = (recorded: Json): Drafter => {
  const replies = Array.isArray(recorded) ? recorded : [recorded];
  let call = 0;
  return {
    draft: async (context, catalogue): Promise<Drafted> => {
      const raw = replies[call];
      call += 1;
      if (raw === undefined)
        return draftOffline(context, catalogue, because("no-reply", "no reply is recorded for it"));
      const said = saidIn(raw);
      if (said.stopped !== null && said.stopped !== "end_turn")
        return draftOffline(context, catalogue, because("stopped", `the recorded reply stopped with ${said.stopped}`));
      const understood = reply.safeParse(said.text === null ? said.value : parsed(said.text));
      if (!understood.success)
        return draftOffline(context, catalogue, because("malformed-reply", "the recorded reply names no candidates"));
      return {
        name: "recorded",
        because: null,
        model: said.model,
        modelBecause: null,
        inputTokens: 0,
        outputTokens: 0,
        usd: 0,
        hypotheses: [],
        rejected: [],
        proposals: understood.data.candidates,
      };
    },
  };
};
