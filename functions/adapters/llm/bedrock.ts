import type { AnthropicBedrock } from "@anthropic-ai/bedrock-sdk";
import type { LanguageModel } from "../../core/language-model.ts";
import { hostedModel, type RedactAgain } from "./hosted-model.ts";

/**
 * Claude by Amazon Bedrock: the client signs as whoever the process is, so no key is stored. A model that is named as
 * Anthropic names it is asked by its global inference profile; `eu.anthropic.…` or an ARN, where data must stay in a
 * region, is asked as it is named.
 */
export const bedrockModel = (
  parts: Readonly<{ client: AnthropicBedrock; redactAgain: RedactAgain }>,
): LanguageModel => {
  const { provider, ask } = hostedModel("bedrock", parts.client.messages, parts.redactAgain);
  return { provider, ask: (request) => ask({ ...request, model: profileOf(request.model) }) };
};

/** Bedrock's names begin with who made the model, or are ARNs (github.com/anthropics/anthropic-sdk-typescript, Bedrock's README). */
const profileOf = (model: string): string => (model.startsWith("claude-") ? `global.anthropic.${model}` : model);
