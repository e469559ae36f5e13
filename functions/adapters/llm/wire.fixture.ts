import { Anthropic } from "@anthropic-ai/sdk";
import { z } from "zod";
import { catalogue } from "../../../runbooks/catalogue.ts";
import type { Context } from "../../core/context.ts";
import { contextWith, service, settingsWith } from "../../core/example.fixture.ts";
import { hostedDrafter } from "../../core/hosted-drafter.ts";
import type { LanguageModel } from "../../core/language-model.ts";
import type { Drafted, Ledger } from "../../core/ports.ts";
import type { SettingsInput } from "../../core/settings.ts";
import { simulatedLedger } from "../simulated/ledger.ts";
import { anthropicModel } from "./anthropic.ts";

const KEY = "sk-ant-test-0123456789";
/** Long enough for the loopback to answer, short enough for a test to wait for. */
export const SHORT_SECONDS = 0.3;

export const modelAt = (baseURL: string): LanguageModel =>
  anthropicModel({
    client: new Anthropic({ apiKey: KEY, baseURL, logLevel: "off" }),
    redactAgain: async (text) => text,
  });

export type Told = Readonly<{
  drafted: Drafted;
  /** The waits between tries, in ms; none is really waited. */
  pauses: readonly number[];
  ledger: Ledger;
}>;

/** One incident of the example drafted by this model, from the shipped catalogue, with a ledger of its own or one that knows earlier calls. */
export const draftBy = async (
  model: LanguageModel,
  drafter: SettingsInput["drafter"] = {},
  context: Partial<Context> = {},
  budgets: SettingsInput["budgets"] = {},
  ledger: Ledger = simulatedLedger(),
): Promise<Told> => {
  const pauses: number[] = [];
  const settings = settingsWith({ budgets, drafter: { name: "anthropic", ...drafter } });
  const pause = async (ms: number): Promise<void> => {
    pauses.push(ms);
  };
  const drafted = await hostedDrafter({ model, ledger, settings, nowMs: () => Date.now(), pause }).draft(
    contextWith({ service, ...context }),
    catalogue,
  );
  return { drafted, pauses, ledger };
};

const purse = z.object({ calls: z.array(z.object({ usd: z.number(), tokens: z.number() })) });

/** What the ledger says that the example's incident has spent. */
export const spentIn = async (ledger: Ledger): Promise<Readonly<{ usd: number; tokens: number; calls: number }>> => {
  const item = (await ledger.read(`spend#incident/${contextWith().incidentId}`))?.item ?? { calls: [] };
  const { calls } = purse.parse(item);
  return {
    usd: calls.reduce((sum, call) => sum + call.usd, 0),
    tokens: calls.reduce((sum, call) => sum + call.tokens, 0),
    calls: calls.length,
  };
};
