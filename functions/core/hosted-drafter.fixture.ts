import type { Context } from "./context.ts";
import {
  API_ARN,
  catalogueOf,
  contextWith,
  LATENCY,
  OPENED_MS,
  page,
  resourceWith,
  restart,
  runbookWith,
  seriesOf,
  settingsWith,
  wait,
} from "./example.fixture.ts";
import type { LanguageModel, ModelAnswer, ModelRequest, ModelUsage } from "./language-model.ts";
import { fakeLedger } from "./ledger.fixture.ts";
import type { DraftedOfflineCode } from "./reasons.ts";
import type { Catalogue } from "./runbook.ts";
import type { Settings } from "./settings.ts";

/** A hosted model for tests: it says what a script says, and time passes only by its answers and by pauses. */

/** One scripted answer, and how long it takes to come. */
export type Scripted = Readonly<{ answer: ModelAnswer; takesMs: number }>;

export const USAGE: ModelUsage = { inputTokens: 900, cacheWriteTokens: 100, cacheReadTokens: 1000, outputTokens: 400 };

/** A catalogue of two runbooks with an effect; the rules of neither suggest anything but `restart`. */
export const CATALOGUE: Catalogue = catalogueOf(restart, runbookWith({ id: "scale", suits: () => [] }), wait, page);

/** A reply that names one runbook, with two citations by ref. */
export const replyWith = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    hypotheses: [{ cause: "a slow dependency", for: ["e2"], against: [] }],
    candidates: [
      {
        ...{ runbook: "restart", version: "1.0.0", target: API_ARN, params: { Service: "api" } },
        because: "it stopped answering",
        evidence: [
          { ref: "e1", says: "ringing" },
          { ref: "e2", says: "above-usual" },
        ],
        recovers: 0.7,
        ...changes,
      },
    ],
  });

export const said = (text: string, usage: ModelUsage = USAGE): ModelAnswer => ({
  kind: "said",
  text,
  model: "model-that-answered",
  usage,
});
export const failedWith = (
  code: DraftedOfflineCode,
  changes: Partial<Extract<ModelAnswer, { kind: "failed" }>> = {},
): ModelAnswer => ({ kind: "failed", code, detail: "it failed", usage: null, retryAfterMs: null, ...changes });

/** A context whose texts are what somebody wrote. */
export const toldContext = (text: string): Context =>
  contextWith({
    series: [seriesOf(LATENCY, OPENED_MS - 30 * 60_000, [0.2, 0.2, null, 0.2, 2])],
    words: [{ id: "alarm-1", name: text, description: text, reason: text }],
    logs: [{ id: "log-1", logGroup: "/app/api", template: text, count: 3, lastAtMs: OPENED_MS }],
    changes: [
      {
        ...{ id: "change-1", kind: "deployment", atMs: OPENED_MS - 300_000, target: API_ARN, ref: "abc" },
        ...{ from: "api:1", to: "api:2", author: "somebody", title: text },
      },
    ],
    resources: [resourceWith({ attributes: { desiredCount: 4, taskDefinition: "api:2" } })],
  });

/**
 * A drafter's parts on a virtual clock. Past its end a script repeats its last answer; an answer that takes longer than
 * it may is lost at the time-out, as an adapter would have it.
 */
export const hostedParts = (script: readonly Scripted[], settings: Settings = settingsWith()) => {
  const requests: ModelRequest[] = [];
  const pauses: number[] = [];
  const clock = { nowMs: OPENED_MS };
  const ledger = fakeLedger();
  const model: LanguageModel = {
    provider: "anthropic",
    ask: async (request) => {
      const { answer, takesMs } = script[Math.min(requests.length, script.length - 1)] ?? {
        answer: failedWith("unreachable"),
        takesMs: 0,
      };
      requests.push(request);
      clock.nowMs += Math.min(takesMs, request.timeoutMs);
      return takesMs > request.timeoutMs ? failedWith("timed-out") : answer;
    },
  };
  const pause = async (ms: number): Promise<void> => {
    pauses.push(ms);
    clock.nowMs += ms;
  };
  return { parts: { model, ledger, settings, nowMs: () => clock.nowMs, pause }, requests, pauses, clock, ledger };
};
