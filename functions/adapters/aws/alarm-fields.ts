import { z } from "zod";
import type { Alarm } from "../../core/alarm.ts";
import { alarmKey } from "../../core/ids.ts";
import { type Ingested, ingestStateChange } from "../../core/ingest.ts";
import { describeIssue } from "./json-pointer.ts";
import { type Evaluation, UNKNOWN_EVALUATION } from "./reason-data.ts";
import { parseTimestamp } from "./timestamp.ts";

/** One payload, read: what it means, and how CloudWatch came to the state, as far as the payload says. */
export type ReadAlarm = Readonly<{ ingested: Ingested; evaluation: Evaluation }>;

/** A part that identity rests on: an account, a Region, a name. Not a pattern, since partitions differ in form. */
export const identity = z.string().min(1);

/** A part that may be absent; one that is damaged reads as absent. */
export const text = z.string().nullable().catch(null);

export const alarmState = z.enum(["OK", "ALARM", "INSUFFICIENT_DATA"]);

/** A time in any form that AWS writes, as milliseconds since the epoch. */
export const timestamp = z.string().transform((written, context) => {
  const atMs = parseTimestamp(written);
  if (atMs !== null) return atMs;
  context.issues.push({ code: "custom", message: "Invalid input: expected an ISO 8601 time", input: written });
  return z.NEVER;
});

/** What tells one contributor from another. */
export const attributes = z.record(z.string(), z.string()).catch({});

/** A payload that was understood. */
export const stateChange = (parts: Omit<Alarm, "key">, evaluation: Evaluation): ReadAlarm => ({
  ingested: ingestStateChange({ key: alarmKey(parts), ...parts }),
  evaluation,
});

/** A payload that says nothing of an evaluation. */
export const unevaluated = (ingested: Ingested): ReadAlarm => ({ ingested, evaluation: UNKNOWN_EVALUATION });

/** An alarm's payload that lacks what identity rests on. */
export const invalid = (error: z.ZodError): ReadAlarm => unevaluated({ kind: "invalid", reason: describeIssue(error) });
