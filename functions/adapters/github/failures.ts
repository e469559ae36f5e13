import { z } from "zod";

/** GitHub answers within two seconds; one that has not by then is asked again, or done without. */
export const TRY_MS = 4_000;

// Octokit's RequestError, by its shape: a call that got no answer has status 500 and no response.
const failure = z.looseObject({
  name: z.literal("HttpError"),
  status: z.number(),
  message: z.string(),
  response: z.object({ headers: z.record(z.string(), z.union([z.string(), z.number()]).optional()) }).optional(),
});

const BACKOFF_MS = 500;
/** "wait at least one minute" (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api, secondary limits). */
const SECONDARY_MS = 60_000;

/** Ms to wait before the next try: what GitHub asks for, else twice as long each time; null where it will not pass. */
export const waitAfterGithub =
  (nowMs: () => number) =>
  (error: unknown, tried: number): number | null => {
    const failed = failure.safeParse(asObject(error)).data;
    const backoff = BACKOFF_MS * 2 ** (tried - 1);
    if (failed === undefined) return isCutOff(error) ? backoff : null;
    const { status, message, response } = failed;
    if (status >= 500) return backoff;
    if (status !== 403 && status !== 429) return null;
    const retryAfter = Number(response?.headers["retry-after"] ?? Number.NaN);
    if (Number.isFinite(retryAfter)) return retryAfter * 1000;
    if (String(response?.headers["x-ratelimit-remaining"]) === "0") {
      const reset = Number(response?.headers["x-ratelimit-reset"] ?? Number.NaN);
      return Number.isFinite(reset) ? Math.max(0, reset * 1000 - nowMs()) : null;
    }
    return status === 429 || /secondary rate limit/i.test(message) ? SECONDARY_MS : null;
  };

/** An Error's name and message are not its own enumerable properties. */
const asObject = (error: unknown): unknown =>
  error instanceof Error ? { ...error, name: error.name, message: error.message } : error;

const isCutOff = (error: unknown): boolean => error instanceof Error && /^(AbortError|TimeoutError)$/.test(error.name);

/** A failure in words that say what to do where something can be done. */
export const githubFailure = (error: unknown): string => {
  const failed = failure.safeParse(asObject(error)).data;
  const words = error instanceof Error ? error.message : String(error);
  if (failed?.response === undefined) return words;
  const { status } = failed;
  const advice =
    status === 401
      ? "; put a token that is valid into the secret that github.tokenSecret names"
      : status === 404 || (status === 403 && !/rate limit/i.test(words))
        ? "; let the token read the repository, and write its issues where reports are filed"
        : "";
  return `${words} (HTTP ${status})${advice}`;
};
