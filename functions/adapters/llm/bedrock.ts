import type { AnthropicBedrock } from "@anthropic-ai/bedrock-sdk";
import type { LanguageModel } from "../../core/language-model.ts";
import { hostedModel, type RedactAgain } from "./hosted-model.ts";

/**
 * Claude by Amazon Bedrock: the client signs as whoever the process is, so no key is stored.
 * @param parts.inferenceProfile stands before a model that is named as Anthropic names it; it says where prompts may go
 */
export const bedrockModel = (
  parts: Readonly<{ client: AnthropicBedrock; redactAgain: RedactAgain; inferenceProfile: string }>,
): LanguageModel => {
  const { provider, ask } = hostedModel("bedrock", parts.client.messages, parts.redactAgain);
  return { provider, ask: (request) => ask({ ...request, model: bedrockId(request.model, parts.inferenceProfile) }) };
};

/** Bedrock's own names have a dot after who made the model, or are ARNs (github.com/anthropics/anthropic-sdk-typescript, Bedrock's README). */
const bedrockId = (model: string, inferenceProfile: string): string =>
  /^arn:|\./.test(model) ? model : `${inferenceProfile}${model}`;
