import { createHmac, timingSafeEqual } from "node:crypto";

/** How far a request's own time may lie from ours, to either side (docs.slack.dev/authentication/verifying-requests-from-slack). */
const WINDOW_SECONDS = 300;

/** A request as HTTP carried it; header names are in lower case. */
export type SignedRequest = Readonly<{
  headers: Readonly<Record<string, string | undefined>>;
  rawBody: Uint8Array;
}>;

/**
 * Whether Slack signed exactly these bytes, and within five minutes of now. Nothing of the body is read before. False where
 * a header is missing, and where there is no secret: anybody can sign with an empty one.
 */
export const isFromSlack = (secret: string, { headers, rawBody }: SignedRequest, nowMs: number): boolean => {
  const timestamp = headers["x-slack-request-timestamp"] ?? "";
  const signature = headers["x-slack-signature"] ?? "";
  if (secret === "" || !/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Math.floor(nowMs / 1000) - Number(timestamp)) > WINDOW_SECONDS) return false;
  const digest = createHmac("sha256", secret).update(`v0:${timestamp}:`).update(rawBody).digest("hex");
  const [expected, given] = [Buffer.from(`v0=${digest}`), Buffer.from(signature)];
  return expected.length === given.length && timingSafeEqual(expected, given);
};
