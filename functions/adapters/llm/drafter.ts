import { setTimeout as sleep } from "node:timers/promises";
import { AnthropicBedrock } from "@anthropic-ai/bedrock-sdk";
import { Anthropic } from "@anthropic-ai/sdk";
import { hostedDrafter } from "../../core/hosted-drafter.ts";
import type { LanguageModel } from "../../core/language-model.ts";
import type { Drafter, Ledger } from "../../core/ports.ts";
import type { Settings } from "../../core/settings.ts";
import { secondRedactor } from "../redaction/secretlint.ts";
import { anthropicModel } from "./anthropic.ts";
import { bedrockModel } from "./bedrock.ts";

/** Who is asked, and as whom: Bedrock is asked as whoever this process is. */
export type Provider = Readonly<{ name: "anthropic"; apiKey: string }> | Readonly<{ name: "bedrock"; region: string }>;

/** Waits between tries. */
export type Pause = (ms: number) => Promise<void>;

/**
 * The one place where a client of a model is made. Import it only where a network drafter was named: the SDKs weigh more
 * than the rest of Quell. ANTHROPIC_BASE_URL and ANTHROPIC_BEDROCK_BASE_URL are honoured by the SDKs.
 */
export const drafterFor = (
  provider: Provider,
  pause: Pause = (ms) => sleep(ms),
): ((ledger: Ledger, settings: Settings) => Drafter) => {
  const modelWith = modelFor(provider);
  // Real time, whatever clock the incident runs on: a network waits for nobody's simulation, and money is real too.
  return (ledger, settings) =>
    hostedDrafter({ model: modelWith(settings), ledger, settings, nowMs: () => Date.now(), pause });
};

/**
 * The SDKs' logs and traces can hold prompts, and the environment can switch both on: they stay off. A redirect would
 * take the prompt to a host that nobody named.
 */
const QUIET = {
  maxRetries: 0,
  logLevel: "off",
  openTelemetry: { traces: false, propagation: false },
  fetchOptions: { redirect: "error" },
} as const;

/** A model by a provider, as the settings want it asked. */
export const modelFor = (provider: Provider): ((settings: Settings) => LanguageModel) => {
  const redactAgain = secondRedactor();
  if (provider.name === "anthropic") {
    const model = anthropicModel({ client: new Anthropic({ ...QUIET, apiKey: provider.apiKey }), redactAgain });
    return () => model;
  }
  // Null: no bearer token from the environment either.
  const client = new AnthropicBedrock({ ...QUIET, awsRegion: provider.region, apiKey: null });
  return ({ drafter }) => bedrockModel({ client, redactAgain, inferenceProfile: drafter.bedrockInferenceProfile });
};
