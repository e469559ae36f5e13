import type { MetricRef } from "./alarm.ts";
import type { AlarmSnapshot, AlarmTransition, Change, LogTemplate, Resource, Series } from "./evidence.ts";
import type { Because } from "./reasons.ts";
import type { ServiceSettings } from "./settings.ts";
import type { Tried } from "./stages.ts";

/**
 * What people wrote on an alarm: its name, its description, CloudWatch's sentence. Untrusted, bounded and redacted; for
 * people and drafters to read, and for nothing that is computed.
 */
export type AlarmWords = Readonly<{ id: string; name: string; description: string; reason: string }>;

/** What was left out of a source for the sake of its budget: of `of`, `kept` came in. */
export type Cut = Readonly<{
  source: string;
  kept: number;
  of: number;
  unit: "lines" | "bytes" | "templates" | "rows";
}>;

/** What holds the agent back in this incident, whatever its mode: no effect without a person's consent. */
export type Restraint = Because<"flapping" | "storm">;

/** What Quell knows at one decision. It is JSON, bounded, and says what is missing. */
export type Context = Readonly<{
  incidentId: string;
  step: number;
  nowMs: number;
  openedAtMs: number;
  /** The incident's own alarm first, then those that joined. */
  alarms: readonly AlarmSnapshot[];
  /** What those alarms watch, in their order; none for a composite. */
  alarmMetrics: readonly MetricRef[];
  service: ServiceSettings;
  series: readonly Series[];
  logs: readonly LogTemplate[];
  changes: readonly Change[];
  resources: readonly Resource[];
  history: readonly AlarmTransition[];
  tried: readonly Tried[];
  missing: readonly Readonly<{ source: string; because: string }>[];
  cut: readonly Cut[];
  words: readonly AlarmWords[];
  /** Times that the incident's alarms went to ALARM within the flap window. */
  flaps: number;
  restraint: Restraint | null;
  redactions: Readonly<Record<string, number>>;
}>;
