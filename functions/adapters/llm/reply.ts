import { z } from "zod";
import type { ModelUsage } from "../../core/language-model.ts";
import { type Because, because, type DraftedOfflineCode } from "../../core/reasons.ts";

/**
 * A message as its stream tells it, event by event. What is not a whole message, told once, from its start to its
 * `message_stop`, is no reply: part of an answer may be good JSON and still be half of what was meant.
 */
export type Heard = Readonly<{
  model: string | null;
  /** The last count told of each kind; null until one was told. */
  usage: ModelUsage | null;
  /** Whether the count of the output is the last one: a message's start tells the first token or two of it. */
  isCounted: boolean;
  blocks: ReadonlyMap<number, Readonly<{ type: string; text: string }>>;
  stopReason: string | null;
  isWhole: boolean;
  /** Set by the first event that no good stream holds: nothing after it is listened to. */
  broken: Because<DraftedOfflineCode> | null;
}>;

export const NOTHING_HEARD: Heard = {
  model: null,
  usage: null,
  isCounted: false,
  blocks: new Map(),
  stopReason: null,
  isWhole: false,
  broken: null,
};

const count = z.int().min(0).nullish();
const usage = z.object({
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
});
/** Ours has one block of text and its thoughts; a bound keeps a stream of empty blocks from costing time. */
const MOST_BLOCKS = 1_000;
const index = z
  .int()
  .min(0)
  .max(MOST_BLOCKS - 1);
const block = z.object({ type: z.string(), text: z.string().default("") });
const EVENTS = [
  z.object({ type: z.literal("message_start"), message: z.object({ model: z.string(), usage: usage.nullish() }) }),
  z.object({ type: z.literal("content_block_start"), index, content_block: block }),
  z.object({ type: z.literal("content_block_delta"), index, delta: block }),
  z.object({
    type: z.literal("message_delta"),
    delta: z.object({ stop_reason: z.string().nullish() }),
    usage: usage.nullish(),
  }),
  z.object({ type: z.literal("message_stop") }),
] as const;
const event = z.discriminatedUnion("type", EVENTS);
/** Other events (pings, ends of blocks, kinds that came later) say nothing of the reply. */
const READ = new Set<unknown>(EVENTS.map(({ shape }) => shape.type.value));
const named = z.object({ type: z.string() });

/** Adds one event. Never throws: an event that cannot be read breaks the message. @param mostCharacters of text, in all blocks */
export const hear = (heard: Heard, raw: unknown, mostCharacters: number): Heard => {
  if (heard.isWhole || heard.broken !== null) return heard;
  const name = named.safeParse(raw);
  if (name.success && !READ.has(name.data.type)) return heard;
  const parsed = event.safeParse(raw);
  if (!parsed.success) return broken(heard, "malformed-reply", "an event of the stream has another shape");
  const one = parsed.data;
  if (one.type === "message_start") {
    if (heard.model !== null) return broken(heard, "cut-off", "a second message began before the first had ended");
    return { ...heard, model: one.message.model, usage: counted(heard.usage, one.message.usage) };
  }
  if (heard.model === null) return broken(heard, "malformed-reply", "the stream does not begin with a message");
  switch (one.type) {
    case "content_block_start":
      return withText(heard, one.index, one.content_block.type, one.content_block.text, mostCharacters);
    case "content_block_delta": {
      const type = heard.blocks.get(one.index)?.type;
      if (type === undefined) return broken(heard, "malformed-reply", "text came for a block that was never begun");
      return withText(heard, one.index, type, one.delta.type === "text_delta" ? one.delta.text : "", mostCharacters);
    }
    case "message_delta":
      return {
        ...heard,
        usage: counted(heard.usage, one.usage),
        isCounted: typeof one.usage?.output_tokens === "number",
        stopReason: one.delta.stop_reason ?? heard.stopReason,
      };
    case "message_stop":
      return { ...heard, isWhole: true };
  }
};

const broken = (heard: Heard, code: DraftedOfflineCode, detail: string): Heard => ({
  ...heard,
  broken: because(code, detail),
});

const withText = (heard: Heard, at: number, type: string, text: string, mostCharacters: number): Heard => {
  const blocks = new Map(heard.blocks).set(at, { type, text: (heard.blocks.get(at)?.text ?? "") + text });
  const characters = [...blocks.values()].reduce((sum, one) => sum + one.text.length, 0);
  if (characters > mostCharacters)
    return broken(heard, "truncated", `the reply runs on past ${mostCharacters} characters`);
  return { ...heard, blocks };
};

/** The counts of a stream only grow; one that is not told again stays as it was. */
const counted = (before: ModelUsage | null, told: z.infer<typeof usage> | null | undefined): ModelUsage | null =>
  told === null || told === undefined
    ? before
    : {
        inputTokens: told.input_tokens ?? before?.inputTokens ?? 0,
        cacheWriteTokens: told.cache_creation_input_tokens ?? before?.cacheWriteTokens ?? 0,
        cacheReadTokens: told.cache_read_input_tokens ?? before?.cacheReadTokens ?? 0,
        outputTokens: told.output_tokens ?? before?.outputTokens ?? 0,
      };

/**
 * What the message cost, as far as it was told; null where nothing was. A stream that died before its last count may have
 * cost all the output that it was allowed, so that is what it is said to have cost: too much, never too little.
 */
export const usageIn = ({ usage, isCounted }: Heard, maxOutputTokens: number): ModelUsage | null =>
  usage === null || isCounted ? usage : { ...usage, outputTokens: Math.max(usage.outputTokens, maxOutputTokens) };

export type Reply = Readonly<{ kind: "text"; text: string }> | Readonly<{ kind: "none" } & Because<DraftedOfflineCode>>;

const none = (code: DraftedOfflineCode, detail: string): Reply => ({ kind: "none", code, detail });

/** Why a whole message that did not end its turn is not read. */
const STOPPED: ReadonlyMap<string, readonly [code: DraftedOfflineCode, detail: string]> = new Map([
  ["max_tokens", ["truncated", "the reply did not fit into its output tokens"]],
  ["model_context_window_exceeded", ["context-too-long", "the model's context window was full before the reply ended"]],
  ["refusal", ["refused-by-model", "the model refused to answer"]],
  ["pause_turn", ["paused", "the model paused its turn"]],
  ["tool_use", ["unexpected-tool-use", "the model called a tool, and it was given none"]],
  ["stop_sequence", ["stopped", "the model stopped at a stop sequence, and it was given none"]],
]);

/** The model's own thoughts: they may come with any reply and are not part of what it says. */
const THOUGHTS = new Set(["thinking", "redacted_thinking"]);

/** What the message says, once its stream is over. */
export const replyIn = ({ broken: because, isWhole, stopReason, blocks }: Heard): Reply => {
  if (because !== null) return { kind: "none", ...because };
  if (!isWhole) return none("cut-off", "the stream ended before the reply did");
  if (stopReason !== "end_turn") {
    const [code, detail] = STOPPED.get(stopReason ?? "") ?? [
      "stopped",
      "the model stopped for a reason not known here",
    ];
    return none(code, detail);
  }
  const spoken = [...blocks.entries()].sort(([a], [b]) => a - b).map(([, one]) => one);
  // A turn that held anything else answers another request than ours, which offers no tool and no fallback.
  if (spoken.some(({ type }) => type !== "text" && !THOUGHTS.has(type)))
    return none("unexpected-tool-use", "the reply holds a block that is neither text nor thinking");
  const text = spoken.map((one) => (one.type === "text" ? one.text : "")).join("");
  return text.trim() === "" ? none("empty-reply", "the reply holds no text") : { kind: "text", text };
};
