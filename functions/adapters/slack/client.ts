import { LogLevel, WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebClient } from "@slack/web-api";

/** Slack answers within a second; one that has not answered by then is down. */
const ANSWER_MS = 5_000;

/**
 * Slack's Web API, each call tried once: whoever calls knows how long it may wait, the SDK's own retries do not.
 * @param apiUrl other than Slack's own in tests
 * @param answerMs after which a try has failed
 */
export const slackClient = (token: string, apiUrl?: string, answerMs: number = ANSWER_MS): WebClient =>
  new WebClient(token, {
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: answerMs,
    allowAbsoluteUrls: false,
    logLevel: LogLevel.ERROR,
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
  });

/** Slack's own words for what passes (docs.slack.dev/reference/methods/chat.postMessage, errors). */
const PASSING: ReadonlySet<string> = new Set([
  ...["fatal_error", "internal_error", "ratelimited", "rate_limited", "request_timeout", "service_unavailable"],
  ...["team_added_to_org", "external_channel_migrating"],
]);

const BACKOFF_MS = 500;

/** Ms to wait before the next try: what Slack asks for, else twice as long each time; null where it will not pass. */
export const waitAfterSlack = (error: unknown, tried: number): number | null => {
  if (error instanceof WebAPIRateLimitedError) return error.retryAfter * 1000;
  const backoff = BACKOFF_MS * 2 ** (tried - 1);
  if (error instanceof WebAPIPlatformError) return PASSING.has(error.data.error) ? backoff : null;
  if (error instanceof WebAPIHTTPError) return error.statusCode >= 500 ? backoff : null;
  return backoff;
};

/** What to do about an error that does not pass; "" where nothing but waiting helps. */
export const adviceOn = (error: unknown): string => {
  if (!(error instanceof WebAPIPlatformError)) return "";
  return ADVICE[error.data.error] ?? "";
};

const CHANNEL = "; invite the bot to the channel that slack.channelId names";
const TOKEN = "; put the bot token of the installed app into the secret that slack.botTokenSecret names";
const ADVICE: Readonly<Record<string, string>> = {
  channel_not_found: CHANNEL,
  not_in_channel: CHANNEL,
  is_archived: "; unarchive the channel that slack.channelId names, or name another",
  invalid_auth: TOKEN,
  not_authed: TOKEN,
  account_inactive: TOKEN,
  token_revoked: TOKEN,
  token_expired: TOKEN,
  missing_scope: "; give the app the scope chat:write and install it again",
};
