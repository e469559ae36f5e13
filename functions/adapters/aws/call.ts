/** What kind of failure it was; `missing`: what was asked for is not there. */
export type CallFailure = "denied" | "throttled" | "timed-out" | "missing" | "failed";

/** A call to AWS that got no answer to go by. The message names the call, what it was about, and what to do. */
export class AwsCallFailed extends Error {
  override readonly name = "AwsCallFailed";
  readonly kind: CallFailure;

  constructor(kind: CallFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * Makes one call, or several of one kind, and puts what the SDK throws into plain words. Messages begin with what matters:
 * a context keeps 200 characters of them.
 * @param action as IAM names it, such as `cloudwatch:GetMetricData`
 * @param what it is asked about, in a few words
 * @throws AwsCallFailed, with what the SDK threw as its cause
 */
export const callAws = async <T>(action: string, what: string, call: () => Promise<T>): Promise<T> => {
  const startedMs = performance.now();
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof AwsCallFailed) throw cause;
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    const kind = failureOf(cause);
    throw new AwsCallFailed(kind, sentence(kind, action, what, seconds, cause), { cause });
  }
};

const sentence = (kind: CallFailure, action: string, what: string, seconds: number, cause: unknown): string => {
  const code = codeOf(cause);
  switch (kind) {
    case "denied":
      return CREDENTIALS.test(code)
        ? `${action} of ${what}: no valid credentials (${code}); look at the role that runs this`
        : `the role may not call ${action} (${code}) for ${what}; add it to the role's policy`;
    case "throttled":
      return `${action} of ${what}: throttled (${code}); ask later, or raise the account's quota`;
    case "timed-out":
      return `${action} of ${what}: no answer within ${seconds} s (${code}); look at the service's health, or ask for less`;
    case "missing":
      return `${action} of ${what}: not there (${code}); look at its name in quell.config.ts: ${wordsOf(cause)}`;
    case "failed":
      return `${action} of ${what}: ${code} after ${seconds} s: ${wordsOf(cause)}`;
  }
};

/** Codes of the services, by what they have in common; HTTP's status decides where a code is none of them. */
const CREDENTIALS = /^(CredentialsProviderError|ProviderError|ExpiredToken|InvalidClientTokenId|UnrecognizedClient)/;
const DENIED = /AccessDenied|UnauthorizedOperation|NotAuthorized|AuthorizationError|^Forbidden/;
const THROTTLED =
  /Throttl|TooManyRequests|LimitExceeded|ThroughputExceeded|SlowDown|PriorRequestNotComplete|TransactionInProgress/;
const TIMED_OUT = /^(TimeoutError|AbortError|RequestTimeout|ETIMEDOUT|ESOCKETTIMEDOUT)/;
const MISSING = /NotFound|NoSuch|DoesNotExist/;

const failureOf = (cause: unknown): CallFailure => {
  const code = codeOf(cause);
  if (DENIED.test(code) || CREDENTIALS.test(code)) return "denied";
  if (THROTTLED.test(code)) return "throttled";
  if (TIMED_OUT.test(code)) return "timed-out";
  if (MISSING.test(code)) return "missing";
  const status = statusOf(cause);
  return status === 403 ? "denied" : status === 429 ? "throttled" : status === 404 ? "missing" : "failed";
};

/** The service's own name of the error; the network's where none answered, for the SDK calls a lost connection a timeout. */
const codeOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return "no error object";
  const code = "code" in cause ? String(cause.code) : "";
  return /^E[A-Z]+$/.test(code) ? code : cause.name;
};

const statusOf = (cause: unknown): number | null => {
  if (!(cause instanceof Error) || !("$metadata" in cause)) return null;
  const metadata = cause.$metadata;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return null;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
};

const wordsOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).replace(/\s+/g, " ").slice(0, 120);
