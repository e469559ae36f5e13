import { sha256 } from "./ids.ts";
import type { DraftedOfflineCode } from "./reasons.ts";
import type { DrafterSettings } from "./settings.ts";

/**
 * What each way to fail calls for. `later`: the provider could not, so it is asked again after a pause. `once`: the
 * reply was no good, so the same is asked once more: a model's words differ each time that it is asked. `never`: the same question would end the same way.
 */
export const TRIED_AGAIN: Readonly<Record<DraftedOfflineCode, "later" | "once" | "never">> = {
  "rate-limited": "later",
  overloaded: "later",
  "server-error": "later",
  unreachable: "later",
  "cut-off": "later",
  "timed-out": "later",
  truncated: "once",
  "empty-reply": "once",
  "malformed-reply": "once",
  "too-many-candidates": "once",
  "unknown-runbook": "once",
  "bad-parameter": "once",
  "drafter-failed": "never",
  "not-configured": "never",
  "budget-spent": "never",
  unauthorised: "never",
  "bad-request": "never",
  "no-reply": "never",
  "refused-by-model": "never",
  "context-too-long": "never",
  paused: "never",
  "unexpected-tool-use": "never",
  stopped: "never",
};

const FIRST_PAUSE_MS = 500;

/** `tookMs`: how long the try lasted. */
export type Failed = Readonly<{ code: DraftedOfflineCode; retryAfterMs: number | null; tookMs: number }>;
/** What is asked for next, and after how long; null = the drafter gives up. */
export type Next = Readonly<{ afterMs: number; maxOutputTokens: number }> | null;

/**
 * Decides after a failed try. A pause doubles from half a second to a second with each failure, by what the provider asks
 * for at the least; one that does not fit into the time that is left is not begun.
 * @param failures of this draft in order, the newest last
 * @param seed spreads the pauses of drafters that failed together
 */
export const nextTry = (
  settings: Pick<DrafterSettings, "mostTries">,
  failures: readonly Failed[],
  maxOutputTokens: number,
  leftMs: number,
  seed: string,
): Next => {
  const last = failures.at(-1);
  if (last === undefined || failures.length >= settings.mostTries || !(leftMs > 0)) return null;
  const again = TRIED_AGAIN[last.code];
  if (again === "never") return null;
  if (again === "once") {
    const before = failures.slice(0, -1).some(({ code }) => TRIED_AGAIN[code] === "once");
    if (before) return null;
    if (last.code !== "truncated") return { afterMs: 0, maxOutputTokens };
    // Twice the tokens take twice the time.
    return leftMs < 2 * last.tookMs ? null : { afterMs: 0, maxOutputTokens: 2 * maxOutputTokens };
  }
  const spread = Number.parseInt(sha256(`${seed}/${failures.length}`).slice(0, 8), 16) / 0xffffffff;
  const pauseMs = FIRST_PAUSE_MS * 2 ** (failures.length - 1) * (1 + spread);
  const afterMs = Math.ceil(Math.max(pauseMs, last.retryAfterMs ?? 0));
  return afterMs < leftMs ? { afterMs, maxOutputTokens } : null;
};
