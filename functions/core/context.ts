import type { AlarmSnapshot, AlarmTransition, Change, LogTemplate, Resource, Series } from "./evidence.ts";
import type { ServiceSettings } from "./settings.ts";
import type { Tried } from "./stages.ts";

/** What Quell knows at one decision. It is JSON, bounded, and says what is missing. */
export type Context = Readonly<{
  incidentId: string;
  step: number;
  nowMs: number;
  openedAtMs: number;
  /** The incident's own alarm first, then those that joined. */
  alarms: readonly AlarmSnapshot[];
  service: ServiceSettings;
  series: readonly Series[];
  logs: readonly LogTemplate[];
  changes: readonly Change[];
  resources: readonly Resource[];
  history: readonly AlarmTransition[];
  tried: readonly Tried[];
  missing: readonly Readonly<{ source: string; because: string }>[];
  redactions: Readonly<Record<string, number>>;
}>;
