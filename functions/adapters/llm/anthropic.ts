import type { Anthropic } from "@anthropic-ai/sdk";
import type { LanguageModel } from "../../core/language-model.ts";
import { hostedModel, type RedactAgain } from "./hosted-model.ts";

/** Claude by Anthropic's own API. The client carries the key, the URL and the log level; its retries are not used. */
export const anthropicModel = (parts: Readonly<{ client: Anthropic; redactAgain: RedactAgain }>): LanguageModel =>
  hostedModel("anthropic", parts.client.messages, parts.redactAgain);
