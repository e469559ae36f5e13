import { z } from "zod";
import type { Alarm } from "../../core/alarm.ts";
import { readConfiguration } from "./alarm-configuration.ts";
import { alarmState, attributes, identity, text, timestamp } from "./alarm-fields.ts";

/** The body that EventBridge calls `detail` and a Lambda action calls `alarmData`. */
export const stateChangeBody = z.object({
  alarmName: identity,
  state: z.object({
    value: alarmState,
    timestamp,
    reason: z.string().catch(""),
    reasonData: z.unknown().optional(),
    actionsSuppressedBy: text,
  }),
  previousState: z
    .object({ value: alarmState.nullable().catch(null) })
    .nullable()
    .catch(null),
  configuration: z.unknown().optional(),
  muteDetail: z.unknown().optional(),
});

/** One time series of an alarm that watches many. Its id is identity, its attributes are words. */
export const contributor = z.object({ id: identity, attributes });

/** Puts a body and where it happened together. `who` is null for the alarm as a whole. */
export const alarmOf = (
  place: Readonly<{ account: string; region: string }>,
  body: z.infer<typeof stateChangeBody>,
  who: z.infer<typeof contributor> | null,
  threshold: number | null,
): Omit<Alarm, "key"> => {
  const { kind, description, metrics } = readConfiguration(body.configuration);
  return {
    account: place.account,
    region: place.region,
    alarmName: body.alarmName,
    contributorId: who?.id ?? null,
    attributes: who?.attributes ?? {},
    kind: who === null ? kind : "query",
    state: body.state.value,
    changedAtMs: body.state.timestamp,
    previousState: body.previousState?.value ?? null,
    reason: body.state.reason,
    description,
    metrics,
    threshold,
    suppressedBy: body.state.actionsSuppressedBy || null,
    muted: typeof body.muteDetail === "object" && body.muteDetail !== null,
  };
};
