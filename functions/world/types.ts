import type { AlarmState, MetricRef } from "../core/alarm.ts";
import type { Json } from "../core/json.ts";
import type { Run } from "../core/stages.ts";

/** 2026-01-05T00:00Z: the world's time is integer milliseconds since the epoch, from here on. */
export const WORLD_START_MS = Date.UTC(2026, 0, 5);

/** One AWS API call, by the API's own names: service `ecs`, api `UpdateService`, input as the API documents it. */
export type ApiCall = Readonly<{ service: string; api: string; input: Readonly<Record<string, Json>> }>;
/** Who called: an automation execution, or a person at the console. */
export type Caller = Readonly<{ executionId: string | null; person: string | null }>;
export type ApiReply = Readonly<{ ok: true; output: Json }> | Readonly<{ ok: false; code: string; message: string }>;

/** An event as EventBridge delivers it: late by 1-5 s, duplicated and out of order now and then. */
export type Delivery = Readonly<{ deliverAtMs: number; event: Json }>;

/** A run of an automation document in the world's own ledger, the only witness that tests believe. */
export type WorldRun = Readonly<{
  clientToken: string;
  documentName: string;
  documentHash: string;
  parameters: Readonly<Record<string, string | number>>;
  tags: Readonly<Record<string, string>>;
}> &
  Run;

/** A call that changed something, in order: runs and people alike. */
export type WorldEffect = Readonly<{ atMs: number; caller: Caller; call: ApiCall; ok: boolean }>;

/** Everything from outside that changes a world; replaying them at their times rebuilds it exactly. */
export type WorldInput =
  | Readonly<{
      kind: "start-automation";
      atMs: number;
      documentName: string;
      documentHash: string;
      parameters: Readonly<Record<string, string | number>>;
      clientToken: string;
      tags: Readonly<Record<string, string>>;
    }>
  | Readonly<{ kind: "stop-automation"; atMs: number; executionId: string }>
  | Readonly<{ kind: "page"; atMs: number; incidentId: string }>;

type AlarmCommon = Readonly<{ name: string; state: AlarmState; changedAtMs: number }>;

/** An alarm on one metric: M of N periods beyond a threshold, or outside a band around what is usual at this hour. */
export type MetricAlarm = AlarmCommon &
  Readonly<{
    kind: "metric";
    metric: MetricRef;
    comparison: "above" | "below";
    threshold: number;
    /** Non-null: an anomaly detector; the threshold is this level, times 1 + width, as it follows the hour of the day. */
    band: Readonly<{ level: number; width: number }> | null;
    evaluationPeriods: number;
    datapointsToAlarm: number;
    missingData: "breaching" | "notBreaching" | "ignore" | "missing";
  }>;

/** A composite alarm: rings while any of its children does; silent actions while its suppressor is in ALARM. */
export type CompositeAlarm = AlarmCommon &
  Readonly<{ kind: "composite"; children: readonly string[]; suppressor: string | null }>;

export type WorldAlarm = MetricAlarm | CompositeAlarm;
