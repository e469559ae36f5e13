import type { Anthropic } from "@anthropic-ai/sdk";
import type { LanguageModel, ModelAnswer, ModelRequest, ModelUsage } from "../../core/language-model.ts";
import { mostUsage } from "../../core/spending.ts";
import { type Failure, failure, failureOf } from "./failure.ts";
import { type Heard, hear, NOTHING_HEARD, replyIn, usageIn } from "./reply.ts";

/** What both of Anthropic's clients offer, and all that is used of them. */
type Messages = Pick<Anthropic["messages"], "create">;

/** Takes secrets out of a text once more, just before it leaves. A throw means that nothing is sent. */
export type RedactAgain = (text: string) => Promise<string>;

/** No token is longer; a reply with more text than that for each of its output tokens is no reply. */
const MOST_CHARACTERS_A_TOKEN = 256;

const TIMED_OUT = failure("timed-out", "no whole reply came in time");
const NOT_SENT = failure("drafter-failed", "the second redaction failed, so nothing was sent", "nothing");
/** A reply that nobody counted would be a free one. */
const UNCOUNTED = failure("malformed-reply", "the reply does not say what it cost");

/** The mapping that both providers share. One try a call, streamed: what it cost is known even of a reply that died. */
export const hostedModel = (
  provider: LanguageModel["provider"],
  messages: Messages,
  redactAgain: RedactAgain,
): LanguageModel => ({
  provider,
  ask: async (request) => {
    const deadline = new AbortController();
    // The SDK's own timeout ends with the response's head and knows no search for credentials: this one covers the try.
    const timer = setTimeout(() => deadline.abort(), request.timeoutMs);
    const timedOut = new Promise<Failure>((resolve) => {
      deadline.signal.addEventListener("abort", () => resolve(TIMED_OUT), { once: true });
    });
    let heard = NOTHING_HEARD;
    const listen = (event: unknown): boolean => {
      heard = hear(heard, event, request.maxOutputTokens * MOST_CHARACTERS_A_TOKEN);
      return heard.isWhole || heard.broken !== null;
    };
    try {
      const told = tell(messages, redactAgain, request, deadline.signal, listen);
      const ended = await Promise.race([told, timedOut]);
      const usage = usageIn(heard, request.maxOutputTokens);
      return ended === null ? answerOf(heard, usage) : failed(ended, usage ?? uncounted(ended, request));
    } finally {
      clearTimeout(timer);
      deadline.abort();
    }
  },
});

/** Asks, and passes on every event until `listen` has heard enough. Null: look at what was heard. Never throws. */
const tell = async (
  messages: Messages,
  redactAgain: RedactAgain,
  request: ModelRequest,
  signal: AbortSignal,
  listen: (event: unknown) => boolean,
): Promise<Failure | null> => {
  const body = await bodyOf(request, redactAgain).catch(() => null);
  if (body === null) return NOT_SENT;
  let isReading = false;
  try {
    // The caller tries again, and never `.parse()`: it throws where a reply was cut short, and forgets what it cost.
    const options = { signal, timeout: Math.max(1, Math.ceil(request.timeoutMs)), maxRetries: 0 };
    const stream = await messages.create(body, options);
    isReading = true;
    for await (const event of stream) if (listen(event)) break;
    return null;
  } catch (error) {
    return failureOf(error, isReading);
  }
};

/**
 * `system` and `catalogue` hold nothing of an incident: they come first and never change, so that the provider may keep
 * them for an hour. It ignores the mark where they are shorter than its model's least; what a call cost is its own count
 * either way. No tools.
 */
const bodyOf = async (request: ModelRequest, redactAgain: RedactAgain) => {
  const data = await redactAgain(request.data);
  return {
    model: request.model,
    max_tokens: request.maxOutputTokens,
    stream: true,
    system: [
      { type: "text", text: request.system },
      { type: "text", text: request.catalogue, cache_control: { type: "ephemeral", ttl: "1h" } },
    ],
    messages: [{ role: "user", content: data }],
    output_config: { format: { type: "json_schema", schema: request.schema }, effort: request.effort },
  } satisfies Anthropic.MessageCreateParamsStreaming;
};

const answerOf = (heard: Heard, usage: ModelUsage | null): ModelAnswer => {
  const reply = replyIn(heard);
  if (reply.kind === "none") return failed(failure(reply.code, reply.detail), usage);
  if (heard.model === null || usage === null) return failed(UNCOUNTED, usage);
  return { kind: "said", text: reply.text, model: heard.model, usage };
};

const NO_TOKENS: ModelUsage = { inputTokens: 0, cacheWriteTokens: 0, cacheReadTokens: 0, outputTokens: 0 };

/** What is known of a cost that nobody counted: too much, never too little. */
const uncounted = ({ billed }: Failure, request: ModelRequest): ModelUsage | null => {
  if (billed === "unknown") return null;
  return billed === "nothing" ? NO_TOKENS : { ...mostUsage(request), outputTokens: 0 };
};

const failed = ({ code, detail, retryAfterMs }: Failure, usage: ModelUsage | null): ModelAnswer => ({
  kind: "failed",
  code,
  detail,
  usage,
  retryAfterMs,
});
