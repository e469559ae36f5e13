import type { DraftedOfflineCode } from "./reasons.ts";

/** What is asked of a hosted model, once. `system` and `catalogue` are the same for every incident and are cached. */
export type ModelRequest = Readonly<{
  model: string;
  effort: "low" | "medium" | "high";
  system: string;
  catalogue: string;
  /** The incident as fenced, JSON-encoded data. */
  data: string;
  /** JSON schema of the reply. */
  schema: Readonly<Record<string, unknown>>;
  maxOutputTokens: number;
  /** Nothing is waited for longer than this. */
  timeoutMs: number;
}>;

/** Tokens as the provider counted them; the three kinds of input do not overlap. */
export type ModelUsage = Readonly<{
  inputTokens: number;
  cacheWriteTokens: number;
  cacheReadTokens: number;
  outputTokens: number;
}>;

/**
 * How one call ended. `said`: a whole reply. `failed`: no reply, or one that must not be read; `usage` is what was
 * counted until then, null where nobody knows. `retryAfterMs` is what the provider asked for, null where it did not.
 */
export type ModelAnswer =
  | Readonly<{ kind: "said"; text: string; model: string; usage: ModelUsage }>
  | Readonly<{
      kind: "failed";
      code: DraftedOfflineCode;
      detail: string;
      usage: ModelUsage | null;
      retryAfterMs: number | null;
    }>;

/** A hosted language model. `ask` makes one try and never throws; nothing of an incident is kept between calls. */
export type LanguageModel = Readonly<{
  provider: "anthropic" | "bedrock";
  ask: (request: ModelRequest) => Promise<ModelAnswer>;
}>;
