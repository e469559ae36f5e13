import { z } from "zod";
import type { ModelAnswer, ModelRequest } from "./language-model.ts";
import { DRAFTED_OFFLINE } from "./reasons.ts";

/** What respond sends to draft, the one function that speaks to a model, and what it answers: both are JSON. */
const request = z.strictObject({
  model: z.string().min(1),
  effort: z.enum(["low", "medium", "high"]),
  system: z.string(),
  catalogue: z.string(),
  data: z.string(),
  schema: z.record(z.string(), z.unknown()),
  maxOutputTokens: z.int().positive(),
  timeoutMs: z.number().positive(),
});

const count = z.number().min(0);
const usage = z.strictObject({
  inputTokens: count,
  cacheWriteTokens: count,
  cacheReadTokens: count,
  outputTokens: count,
});

const answer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("said"), text: z.string(), model: z.string(), usage }),
  z.strictObject({
    kind: z.literal("failed"),
    code: z.enum(DRAFTED_OFFLINE),
    detail: z.string(),
    usage: usage.nullable(),
    retryAfterMs: z.number().nullable(),
  }),
]);

/** Throws a ZodError where it is no request: only respond asks, so that is a fault of the wiring. */
export const parseModelRequest = (raw: unknown): ModelRequest => request.parse(raw);

/** Null where it is no answer. */
export const parseModelAnswer = (raw: unknown): ModelAnswer | null => {
  const parsed = answer.safeParse(raw);
  return parsed.success ? parsed.data : null;
};
