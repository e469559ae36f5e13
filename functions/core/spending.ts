import { z } from "zod";
import { isoTime } from "./ids.ts";
import type { Json } from "./json.ts";
import type { ModelRequest, ModelUsage } from "./language-model.ts";
import { change } from "./ledger.ts";
import type { Ledger } from "./ports.ts";
import type { ModelSettings, Settings } from "./settings.ts";

/** What calls of a model cost. `inputTokens` are all that went in, cached ones too. */
export type Cost = Readonly<{ usd: number; inputTokens: number; outputTokens: number }>;

export const NO_COST: Cost = { usd: 0, inputTokens: 0, outputTokens: 0 };

export const addCosts = (a: Cost, b: Cost): Cost => ({
  usd: a.usd + b.usd,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
});

const PER_MILLION = 1e-6;

/** What one call cost, by the provider's own count and the model's prices. */
export const costOf = (model: ModelSettings, usage: ModelUsage): Cost => {
  const price = model.usdPerMillionTokens;
  const { inputTokens, cacheWriteTokens, cacheReadTokens, outputTokens } = usage;
  const input = inputTokens * price.input + cacheWriteTokens * price.cacheWrite + cacheReadTokens * price.cacheRead;
  return {
    usd: (input + outputTokens * price.output) * PER_MILLION,
    inputTokens: inputTokens + cacheWriteTokens + cacheReadTokens,
    outputTokens,
  };
};

/**
 * English prose has about four bytes a token, JSON with identifiers about three, random hex and digits about two. No law
 * forbids fewer, so a text that nobody writes can cost more than was reserved for it: then its own call overdraws, and
 * what it did cost is counted before the next one.
 */
const LEAST_BYTES_PER_TOKEN = 2;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

const mostTokens = (...texts: readonly string[]): number =>
  Math.ceil(texts.reduce((sum, text) => sum + bytesOf(text), 0) / LEAST_BYTES_PER_TOKEN);

type Question = Pick<ModelRequest, "system" | "catalogue" | "data" | "schema" | "maxOutputTokens">;

/**
 * The most tokens that a call can take. What is the same in every incident may all be written into the cache; the data
 * stand behind the cache's mark and never are.
 */
export const mostUsage = ({ system, catalogue, data, schema, maxOutputTokens }: Question): ModelUsage => ({
  inputTokens: mostTokens(data),
  cacheWriteTokens: mostTokens(system, catalogue, JSON.stringify(schema)),
  cacheReadTokens: 0,
  outputTokens: maxOutputTokens,
});

/** The most that one call can cost: its most tokens, what may be cached at the dearest price of an input. */
export const mostCost = (model: ModelSettings, question: Question): Cost => {
  const { input, cacheWrite, cacheRead } = model.usdPerMillionTokens;
  const dearest = { ...model.usdPerMillionTokens, cacheWrite: Math.max(input, cacheWrite, cacheRead) };
  return costOf({ ...model, usdPerMillionTokens: dearest }, mostUsage(question));
};

export type SpendingBudget = "usdPerIncident" | "tokensPerIncident" | "usdPerHour" | "modelCallsPerHour";

/**
 * One call that is about to be made. `token` is its own: a repetition of the call after a crash must bring another one,
 * for it costs money again.
 */
export type Call = Readonly<{ incidentId: string; token: string; nowMs: number }>;

const spendingItem = z.strictObject({
  calls: z.array(z.strictObject({ token: z.string(), usd: z.number().min(0), tokens: z.number().min(0) })),
});
type Calls = z.infer<typeof spendingItem>["calls"];

/** Throws a ZodError on a damaged item: nobody knows then what was spent, so nothing more may be. */
const callsOf = (item: Json | null): Calls => (item === null ? [] : spendingItem.parse(item).calls);

const usdOf = (calls: Calls): number => calls.reduce((sum, call) => sum + call.usd, 0);
const tokensOf = (calls: Calls): number => calls.reduce((sum, call) => sum + call.tokens, 0);

type Limit = Readonly<{ budget: SpendingBudget; most: number; of: (calls: Calls) => number }>;
/** One item of the ledger, and what bounds it. */
type Purse = Readonly<{ key: string; limits: readonly Limit[] }>;

const incidentPurse = ({ budgets }: Pick<Settings, "budgets">, incidentId: string): Purse => ({
  key: `spend#incident/${incidentId}`,
  limits: [
    { budget: "usdPerIncident", most: budgets.usdPerIncident, of: usdOf },
    { budget: "tokensPerIncident", most: budgets.tokensPerIncident, of: tokensOf },
  ],
});

/** Hours of UTC: a call counts in the hour in which it was made, whenever it ends. */
const hourPurse = ({ budgets }: Pick<Settings, "budgets">, nowMs: number): Purse => ({
  key: `spend#hour/${isoTime(nowMs).slice(0, 13)}`,
  limits: [
    { budget: "usdPerHour", most: budgets.usdPerHour, of: usdOf },
    { budget: "modelCallsPerHour", most: budgets.modelCallsPerHour, of: (calls) => calls.length },
  ],
});

type SpendingLedger = Pick<Ledger, "read" | "write">;
type Decision = Readonly<{ write: Json }> | Readonly<{ stop: "done" }> | Readonly<{ stop: "full"; limit: Limit }>;

const put = (item: Json | null, limits: readonly Limit[], call: Calls[number]): Decision => {
  const before = callsOf(item);
  // The reply of an earlier write was lost: the call is counted already.
  if (before.some(({ token }) => token === call.token)) return { stop: "done" };
  const calls = [...before, call];
  const full = limits.find(({ most, of }) => of(calls) > most);
  return full === undefined ? { write: { calls } } : { stop: "full", limit: full };
};

/** Replaces what a call is counted at, or takes it out. A call that is not there stays away. */
const settle = (item: Json | null, token: string, to: Calls[number] | null): Decision => {
  const calls = callsOf(item);
  const found = calls.find((one) => one.token === token);
  if (found === undefined || (found.usd === to?.usd && found.tokens === to.tokens)) return { stop: "done" };
  const left = calls.flatMap((one) => (one.token !== token ? [one] : to === null ? [] : [to]));
  return { write: { calls: left } };
};

const counted = (token: string, { usd, inputTokens, outputTokens }: Cost): Calls[number] => ({
  token,
  usd,
  tokens: inputTokens + outputTokens,
});

/**
 * Counts the most that a call can cost, in its incident's budget and in its hour's, or in neither. A crash before it is
 * settled leaves it counted at that: too much, never too little. Where it throws, no call may be made.
 * @returns null when it is counted, else the budget that has no room for it. Throws LedgerContended, and on a damaged item.
 */
export const reserveSpending = async (
  ledger: SpendingLedger,
  settings: Pick<Settings, "budgets">,
  call: Call,
  most: Cost,
): Promise<SpendingBudget | null> => {
  const incident = incidentPurse(settings, call.incidentId);
  const hour = hourPurse(settings, call.nowMs);
  const entry = counted(call.token, most);
  const first = await change(ledger, incident.key, (item) => put(item, incident.limits, entry));
  if ("limit" in first) return first.limit.budget;
  const giveBack = () => change(ledger, incident.key, (item) => settle(item, call.token, null));
  const second = await change(ledger, hour.key, (item) => put(item, hour.limits, entry)).catch(
    async (error: unknown) => {
      await giveBack().catch(() => {}); // it stays counted then, like a crash
      throw error;
    },
  );
  if (!("limit" in second)) return null;
  await giveBack();
  return second.limit.budget;
};

/** Counts a reserved call at what it did cost. Settling again changes nothing. Throws like reserveSpending. */
export const settleSpending = async (
  ledger: SpendingLedger,
  settings: Pick<Settings, "budgets">,
  call: Call,
  spent: Cost,
): Promise<void> => {
  const entry = counted(call.token, spent);
  for (const { key } of [incidentPurse(settings, call.incidentId), hourPurse(settings, call.nowMs)])
    await change(ledger, key, (item) => settle(item, call.token, entry));
};

/** What an incident may still spend now: in USD the lesser of its own and its hour's rest. Throws on a damaged item. */
export const spendingLeft = async (
  ledger: Pick<Ledger, "read">,
  settings: Pick<Settings, "budgets">,
  incidentId: string,
  nowMs: number,
): Promise<Readonly<{ usd: number; tokens: number }>> => {
  const { usdPerIncident, usdPerHour, tokensPerIncident } = settings.budgets;
  const incident = callsOf((await ledger.read(incidentPurse(settings, incidentId).key))?.item ?? null);
  const hour = callsOf((await ledger.read(hourPurse(settings, nowMs).key))?.item ?? null);
  return {
    usd: Math.min(usdPerIncident - usdOf(incident), usdPerHour - usdOf(hour)),
    tokens: tokensPerIncident - tokensOf(incident),
  };
};
