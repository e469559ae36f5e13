import { createHash, hash } from "node:crypto";
import canonicalize from "canonicalize";
import { v5 as uuidv5 } from "uuid";
import type { Json } from "./json.ts";

/** Lower-case hex sha256 of a text or of bytes. (In one call: to make a hasher for each text takes three times as long.) */
export const sha256 = (content: string | Uint8Array): string => hash("sha256", content, "hex");

/** Lower-case hex sha256 of the RFC 8785 canonical JSON of a value. Throws on a value that JSON cannot hold. */
export const hashOf = (value: unknown): string => {
  const text = canonicalize(value as Json);
  if (text === undefined) throw new TypeError("only a JSON value has a canonical hash");
  return sha256(text);
};

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567"; // RFC 4648 section 6, in lower case

/** RFC 4648 base32 in lower case, without padding. */
export const base32 = (bytes: Uint8Array): string => {
  let bits = 0;
  let held = 0;
  let text = "";
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32.charAt((held >>> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + BASE32.charAt((held << (5 - bits)) & 31) : text;
};

/** UTC ISO 8601 with milliseconds, the form in which every time is written and hashed. */
export const isoTime = (atMs: number): string => new Date(atMs).toISOString();

/** Names an alarm for ever: `account/region/alarmName[/contributorId]`. */
export const alarmKey = (
  alarm: Readonly<{ account: string; region: string; alarmName: string; contributorId: string | null }>,
): string =>
  [alarm.account, alarm.region, alarm.alarmName, ...(alarm.contributorId === null ? [] : [alarm.contributorId])].join(
    "/",
  );

/** Names one incident: the alarm, and the state change that opened it. Also the durable execution's name. */
export const incidentId = (key: string, openedAtMs: number): string => {
  const digest = createHash("sha256")
    .update(`${key}|${isoTime(openedAtMs)}`)
    .digest();
  return `quell-${base32(digest).slice(0, 26)}`;
};

/** Names one decision of an incident; step counts from 0. */
export const decisionId = (incident: string, step: number): string => `${incident}/${step}`;

// Any fixed UUID serves as the namespace of RFC 9562 section 5.5; this one was drawn once for Quell.
const EFFECT_NAMESPACE = "6f1c5a52-7d0e-4b8b-9a55-3c1f0c9d2e47";

/**
 * The idempotency key of one effect, sent as SSM's ClientToken.
 * @param attempt counted in the ledger from 1; a crash retry keeps it, so it finds the run that it started.
 */
export const effectKey = (incident: string, planHash: string, attempt: number): string =>
  uuidv5(`${incident}|${planHash}|${attempt}`, EFFECT_NAMESPACE);
