import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from "@anthropic-ai/sdk";
import type { DraftedOfflineCode } from "../../core/reasons.ts";

/**
 * What a try can have cost of which nothing was counted. `nothing`: it was not sent, or turned away. `input`: the provider
 * may have read it, but broke off before the stream began, and output is made within the stream. `unknown`: the reply may
 * have been on its way.
 */
export type Billed = "nothing" | "input" | "unknown";

/** Why a try ended without a reply. `detail` never holds the provider's text: an error may quote the prompt. */
export type Failure = Readonly<{
  code: DraftedOfflineCode;
  detail: string;
  retryAfterMs: number | null;
  billed: Billed;
}>;

/**
 * Error types that decide alone, whatever the HTTP status: inside a stream there is none but 200. The first six are
 * Anthropic's (platform.claude.com/docs/en/api/errors), the others are Bedrock's, as its event streams name them.
 */
const BY_TYPE: Readonly<Record<string, DraftedOfflineCode>> = {
  overloaded_error: "overloaded",
  rate_limit_error: "rate-limited",
  authentication_error: "unauthorised",
  permission_error: "unauthorised",
  invalid_request_error: "bad-request",
  not_found_error: "bad-request",
  throttlingException: "rate-limited",
  accessDeniedException: "unauthorised",
  validationException: "bad-request",
  modelTimeoutException: "timed-out",
};

/** 402: nobody pays; 408: the provider's own deadline, not ours; 424: Bedrock's ModelErrorException. */
const BY_STATUS: Readonly<Record<number, DraftedOfflineCode>> = {
  401: "unauthorised",
  402: "unauthorised",
  403: "unauthorised",
  408: "timed-out",
  424: "server-error",
  429: "rate-limited",
  529: "overloaded",
};

/** No type of its own tells it from any other bad request, so the text decides, last: Anthropic's two wordings, Bedrock's one. */
const TOO_LONG = /prompt is too long|exceed context limit|input is too long/i;

/** Names the branch of whatever the SDK threw. @param whileReading after the response's head had come */
export const failureOf = (error: unknown, whileReading: boolean): Failure => {
  if (error instanceof APIUserAbortError || error instanceof APIConnectionTimeoutError)
    return failure("timed-out", "no whole reply came in the time that was given");
  if (error instanceof APIConnectionError) {
    if (lacksCredentials(error)) return failure("not-configured", "no credentials were found to ask with", "nothing");
    if (neverConnected(error)) return failure("unreachable", "no connection could be made", "nothing");
    return failure("unreachable", "the connection was lost before an answer came", "input");
  }
  if (error instanceof APIError) return told(error);
  if (!whileReading)
    return failure("not-configured", "the client could not make a request: look at its key and its URL", "nothing");
  if (error instanceof SyntaxError) return failure("malformed-reply", "an event of the stream is no JSON");
  return failure("cut-off", "the connection was lost before the reply had ended");
};

/** One way to fail, nothing said of another try. */
export const failure = (code: DraftedOfflineCode, detail: string, billed: Billed = "unknown"): Failure => ({
  code,
  detail,
  retryAfterMs: null,
  billed,
});

/** The AWS credential chain found nobody to sign as; its errors are named so in every AWS SDK for JavaScript. */
const lacksCredentials = ({ cause }: APIConnectionError): boolean =>
  cause instanceof Error && cause.name.endsWith("ProviderError");

const UNCONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

const neverConnected = ({ cause }: APIConnectionError): boolean => {
  const system = cause instanceof Error ? cause.cause : null;
  return system instanceof Error && "code" in system && UNCONNECTED.has(String(system.code));
};

/** A request that is turned away with one of these is not charged; what broke on the way may be, for what was read. */
const TURNED_AWAY = new Set<DraftedOfflineCode>([
  "unauthorised",
  "bad-request",
  "context-too-long",
  "rate-limited",
  "overloaded",
]);

const told = (error: APIError): Failure => {
  const code = codeOf(error);
  const type = plain(error.type);
  const request = plain(error.requestID ?? error.headers?.get("x-amzn-requestid") ?? idIn(error.error));
  const where = error.status === undefined ? "in the stream" : `with HTTP ${error.status}`;
  const detail = `the provider answered ${where}${type === "" ? "" : `, ${type}`}${request === "" ? "" : `, request ${request}`}`;
  return {
    ...failure(code, detail, error.status === undefined ? "unknown" : TURNED_AWAY.has(code) ? "nothing" : "input"),
    retryAfterMs: error.headers === undefined ? null : retryAfterMs(error.headers),
  };
};

const codeOf = ({ status, type, message }: APIError): DraftedOfflineCode => {
  const code = BY_TYPE[type ?? ""] ?? BY_STATUS[status ?? 0] ?? (isOurFault(status) ? "bad-request" : "server-error");
  return code === "bad-request" && TOO_LONG.test(message) ? "context-too-long" : code;
};

const isOurFault = (status: number | undefined): boolean => status !== undefined && status < 500;

/** The request's id as newer bodies carry it. */
const idIn = (body: unknown): unknown =>
  typeof body === "object" && body !== null && "request_id" in body ? body.request_id : null;

/** A name or an id, or nothing: whatever else stands there is not repeated. */
const plain = (text: unknown): string => (typeof text === "string" && /^[\w-]{1,64}$/.test(text) ? text : "");

/**
 * How long the provider asks to be left alone, from `retry-after-ms`, or `retry-after` in seconds or as an HTTP date,
 * which is read against the answer's own `date`. Null where it does not say or cannot be understood.
 */
export const retryAfterMs = (headers: Headers): number | null => {
  const exact = headers.get("retry-after-ms");
  if (exact !== null && isNumber(exact)) return Math.round(Number(exact));
  const asked = headers.get("retry-after");
  if (asked === null) return null;
  if (isNumber(asked)) return Math.round(Number(asked) * 1000);
  const untilMs = dateMs(asked);
  return untilMs === null ? null : Math.max(0, untilMs - (dateMs(headers.get("date") ?? "") ?? Date.now()));
};

/** `Date.parse` would read nearly anything, a negative number too. */
const dateMs = (text: string): number | null => {
  const atMs = text.endsWith(" GMT") ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : atMs;
};

const isNumber = (text: string): boolean => /^\d{1,9}(?:\.\d{1,9})?$/.test(text.trim());
