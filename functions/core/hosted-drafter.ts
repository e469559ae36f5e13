import type { Context } from "./context.ts";
import { draftOffline } from "./draft.ts";
import { contextDigest } from "./gather.ts";
import { sha256 } from "./ids.ts";
import type { Json } from "./json.ts";
import type { LanguageModel, ModelAnswer, ModelRequest } from "./language-model.ts";
import { change } from "./ledger.ts";
import { type Failed, nextTry, TRIED_AGAIN } from "./next-try.ts";
import type { Drafted, Drafter, Ledger, Proposal } from "./ports.ts";
import { offeredIn, promptFor } from "./prompt.ts";
import { admit, PROVIDER_BREAKER_KEY, recordAnswer, recordSilence } from "./provider-breaker.ts";
import { type Because, because, type DraftedOfflineCode } from "./reasons.ts";
import { redact } from "./redact.ts";
import { type ReplyRead, readReply, replySchema } from "./reply.ts";
import type { Catalogue } from "./runbook.ts";
import type { ModelSettings, Settings } from "./settings.ts";
import {
  addCosts,
  type Cost,
  costOf,
  mostCost,
  mostUsage,
  NO_COST,
  reserveSpending,
  settleSpending,
  spendingLeft,
} from "./spending.ts";

/** What a hosted drafter needs. `pause` waits so many ms. */
export type HostedParts = Readonly<{
  model: LanguageModel;
  ledger: Ledger;
  settings: Settings;
  nowMs: () => number;
  pause: (ms: number) => Promise<void>;
}>;

type Silence = Because<DraftedOfflineCode>;
/** What the model is asked, whichever model that is and however often. */
type Question = Pick<ModelRequest, "system" | "catalogue" | "data" | "schema" | "maxOutputTokens">;
type Chosen = Readonly<{ model: ModelSettings; modelBecause: string }>;

/** How one try ended, and what it is counted at. `not-asked`: no call was made. */
type Try =
  | Readonly<{ kind: "heard"; cost: Cost; read: Extract<ReplyRead, { kind: "read" }>; model: string }>
  | (Failed & Readonly<{ kind: "failed"; cost: Cost; detail: string; rejected: readonly Proposal[] }>)
  | (Silence & Readonly<{ kind: "not-asked" }>);
/** How all tries together ended. */
type Talk = Readonly<{ cost: Cost; tries: number; last: Try }>;

/**
 * A drafter that asks a hosted model: within its deadline, within the budgets of incident and hour, and at most
 * `mostTries` times. Whatever fails has its code, and the catalogue's own rules speak instead. Never throws as long as
 * these do not.
 */
export const hostedDrafter = (parts: HostedParts): Drafter => {
  let calls = 0;
  const nextToken = (context: Context): string => {
    calls += 1;
    // The time tells a repetition after a crash from the call that it repeats: both cost money.
    return `${context.incidentId}/${context.step}/${parts.nowMs()}/${calls}`;
  };
  return {
    draft: async (context, catalogue) => {
      try {
        return await draft(parts, context, catalogue, () => nextToken(context));
      } catch (error) {
        return draftOffline(context, catalogue, because("drafter-failed", sentence(error)));
      }
    },
  };
};

/** Other people's words in a reason are bounded and redacted. */
const sentence = (said: unknown): string => redact(said instanceof Error ? said.message : String(said), 200).text;

const draft = async (
  parts: HostedParts,
  context: Context,
  catalogue: Catalogue,
  nextToken: () => string,
): Promise<Drafted> => {
  const startedMs = parts.nowMs();
  const { drafter, context: bounds } = parts.settings;
  const fence = sha256(`${context.incidentId}|${context.step}|${contextDigest(context)}`).slice(0, 32);
  const offered = offeredIn(context, catalogue);
  const question: Question = {
    ...promptFor(context, offered, fence, bounds.promptBytes),
    schema: replySchema(offered),
    maxOutputTokens: drafter.maxOutputTokens,
  };
  const chosen = await chooseModel(parts, context, question);
  if ("code" in chosen) return draftOffline(context, catalogue, chosen);
  const barred = await providerBarred(parts, context);
  if (barred !== null) return draftOffline(context, catalogue, barred);
  const read = (text: string): ReplyRead => readReply(text, context, catalogue);
  const talk = await converse(parts, context, chosen.model, question, { startedMs, nextToken, read });
  await noteProvider(parts, context, talk);
  return draftedFrom(parts, context, catalogue, chosen, talk);
};

/** The first model for this severity whose worst cost fits what is left of the budget, or why none is asked. */
const chooseModel = async (parts: HostedParts, context: Context, question: Question): Promise<Chosen | Silence> => {
  const { severity } = context.service;
  const covering = parts.settings.drafter.models.filter(({ severities }) => severities.includes(severity));
  if (covering.length === 0) return because("not-configured", `No model is named for severity ${severity}.`);
  const left = await spendingLeft(parts.ledger, parts.settings, context.incidentId, parts.nowMs());
  const { inputTokens, cacheWriteTokens, outputTokens } = mostUsage(question);
  const tokens = inputTokens + cacheWriteTokens + outputTokens;
  if (tokens > left.tokens)
    return because("budget-spent", `A call may take ${tokens} tokens, and the budget leaves ${left.tokens}.`);
  const model = covering.find((one) => mostCost(one, question).usd <= left.usd);
  const rest = `the budget leaves USD ${left.usd.toFixed(2)}`;
  if (model === undefined) return because("budget-spent", `No model is cheap enough for one call: ${rest}.`);
  return { model, modelBecause: model === covering[0] ? `severity ${severity}` : rest };
};

type Asking = Readonly<{ startedMs: number; nextToken: () => string; read: (text: string) => ReplyRead }>;

const converse = async (
  parts: HostedParts,
  context: Context,
  model: ModelSettings,
  question: Question,
  asking: Asking,
): Promise<Talk> => {
  const { drafter } = parts.settings;
  const seed = `${context.incidentId}/${context.step}`;
  const leftMs = (): number => asking.startedMs + drafter.deadlineSeconds * 1000 - parts.nowMs();
  const failures: Failed[] = [];
  let cost = NO_COST;
  let last: Try | null = null;
  let { maxOutputTokens } = question;
  for (;;) {
    const tried: Try = await oneTry(parts, context, model, { ...question, maxOutputTokens }, asking, leftMs);
    // What failed before says more than that there is no money for another try.
    if (tried.kind === "not-asked") return { cost, tries: failures.length, last: last ?? tried };
    cost = addCosts(cost, tried.cost);
    last = tried;
    if (tried.kind === "heard") return { cost, tries: failures.length + 1, last };
    failures.push(tried);
    const next = nextTry(drafter, failures, maxOutputTokens, leftMs(), seed);
    if (next === null) return { cost, tries: failures.length, last };
    maxOutputTokens = next.maxOutputTokens;
    if (next.afterMs > 0) await parts.pause(next.afterMs);
  }
};

/** Reserve, ask, settle. Where the ledger fails after the call, it stays counted at the most it could cost. */
const oneTry = async (
  parts: HostedParts,
  context: Context,
  model: ModelSettings,
  question: Question,
  asking: Asking,
  leftMs: () => number,
): Promise<Try> => {
  const { ledger, settings } = parts;
  const call = { incidentId: context.incidentId, token: asking.nextToken(), nowMs: parts.nowMs() };
  const most = mostCost(model, question);
  try {
    const full = await reserveSpending(ledger, settings, call, most);
    if (full !== null) return { kind: "not-asked", code: "budget-spent", detail: `No call fits into ${full}.` };
  } catch {
    return { kind: "not-asked", code: "drafter-failed", detail: "The ledger does not say what is left of the budget." };
  }
  const askedMs = parts.nowMs();
  const timeoutMs = Math.max(1, Math.min(settings.drafter.trySeconds * 1000, leftMs()));
  const answer = await answered(parts.model, { ...question, model: model.id, effort: model.effort, timeoutMs });
  const tookMs = parts.nowMs() - askedMs;
  const cost = answer.usage === null ? most : costOf(model, answer.usage);
  if (answer.usage !== null) await settleSpending(ledger, settings, call, cost).catch(() => {});
  if (answer.kind === "failed") {
    const { code, detail, retryAfterMs } = answer;
    return { kind: "failed", cost, code, detail: sentence(detail), retryAfterMs, tookMs, rejected: [] };
  }
  const read = asking.read(answer.text);
  return read.kind === "read"
    ? { kind: "heard", cost, read, model: sentence(answer.model) }
    : { ...read, kind: "failed", cost, retryAfterMs: null, tookMs };
};

/** A model that throws breaks its contract; what it did by then costs what it could. */
const answered = async (model: LanguageModel, request: ModelRequest): Promise<ModelAnswer> => {
  try {
    return await model.ask(request);
  } catch (error) {
    return { kind: "failed", code: "drafter-failed", detail: sentence(error), usage: null, retryAfterMs: null };
  }
};

/** Why the provider is not asked now, or null. Where the ledger does not say, it is asked. */
const providerBarred = async (parts: HostedParts, context: Context): Promise<Silence | null> => {
  try {
    const nowMs = parts.nowMs();
    const said = await change(parts.ledger, PROVIDER_BREAKER_KEY, (item) => admit(item, context.incidentId, nowMs));
    if (!("untilMs" in said)) return null;
    const seconds = Math.ceil((said.untilMs - nowMs) / 1000);
    return because(said.code, `The provider failed for several incidents in a row; it is left alone for ${seconds} s.`);
  } catch {
    return null;
  }
};

/** Tells the other incidents whether the provider answers. Lost words cost them their own tries at most. */
const noteProvider = async (parts: HostedParts, context: Context, { last }: Talk): Promise<void> => {
  if (last.kind === "not-asked") return;
  const silent = last.kind === "failed" && TRIED_AGAIN[last.code] === "later" ? last.code : null;
  const note = (item: Json | null) =>
    silent === null ? recordAnswer(item) : recordSilence(item, context.incidentId, silent, parts.nowMs());
  await change(parts.ledger, PROVIDER_BREAKER_KEY, note).catch(() => {});
};

const draftedFrom = (
  parts: HostedParts,
  context: Context,
  catalogue: Catalogue,
  chosen: Chosen,
  { cost, tries, last }: Talk,
): Drafted => {
  const { modelBecause } = chosen;
  if (last.kind === "heard") {
    const { proposals, rejected, hypotheses } = last.read;
    const { provider } = parts.model;
    return { name: provider, because: null, model: last.model, modelBecause, ...cost, hypotheses, proposals, rejected };
  }
  const offline = draftOffline(context, catalogue, because(last.code, last.detail));
  if (last.kind === "not-asked") return offline;
  const detail = tries > 1 ? `${last.detail} (${tries} tries)` : last.detail;
  const told = because(last.code, detail);
  return { ...offline, because: told, model: chosen.model.id, modelBecause, ...cost, rejected: last.rejected };
};
