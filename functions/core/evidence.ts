import type { AlarmState, MetricRef } from "./alarm.ts";

/**
 * A resource of the incident's own graph. `arn` is the only way to name a target.
 * `attributes` are fresh numbers and ids read from the control plane (desiredCount, runningCount, taskDefinition,
 * functionVersion ...), under the API's own names in camelCase; an adapter leaves out what it could not read.
 * An adapter reads allow-listed attributes only, and none that a stranger can write: parameters may name them
 * (`namesTarget` in parameters.ts).
 */
export type Resource = Readonly<{
  arn: string;
  /** CloudFormation's type name, for instance `AWS::ECS::Service`. */
  type: string;
  name: string;
  /** The service (of the settings) that owns it, or "" where none does. */
  service: string;
  /** The root of its hierarchy (cluster, Auto Scaling group, DB cluster): one lease covers all below it. */
  root: string;
  zones: number;
  tags: Readonly<Record<string, string>>;
  dependsOn: readonly string[];
  attributes: Readonly<Record<string, number | string | boolean | null>>;
}>;

/**
 * What an answer lacks, told beside it: a part that could not be read, and why; or rows that a limit left out. Where
 * nobody listens, a part that cannot be read is a throw.
 */
export type Lack =
  | Readonly<{ kind: "unread"; because: string }>
  | Readonly<{ kind: "cut"; kept: number; of: number; unit: "lines" | "bytes" }>;
export type TellLack = (lack: Lack) => void;

/** One metric's values: `values[i]` covers the period that starts at `fromMs + i * periodSeconds * 1000`; null = missing. */
export type Series = Readonly<{
  /** Cited as evidence: unique within a context. */
  id: string;
  metric: MetricRef;
  /** The resource that the dimensions name, or null where no known resource fits. */
  arn: string | null;
  fromMs: number;
  periodSeconds: number;
  values: readonly (number | null)[];
}>;

export type LogLine = Readonly<{ atMs: number; logGroup: string; message: string }>;

/** Log lines of one shape, counted. `template` is untrusted text, bounded and redacted. */
export type LogTemplate = Readonly<{ id: string; logGroup: string; template: string; count: number; lastAtMs: number }>;

/** `from` and `to` are versions in the control plane's own words (task definition, function version), or null. */
export type Change = Readonly<{
  id: string;
  kind: "deployment" | "commit" | "config";
  atMs: number;
  target: string;
  ref: string;
  from: string | null;
  to: string | null;
  author: string;
  title: string;
}>;

/** The author of what Quell itself changed, whatever role it ran under. */
export const QUELL_AUTHOR = "quell";

/** An alarm as DescribeAlarms shows it now. */
export type AlarmSnapshot = Readonly<{
  key: string;
  state: AlarmState;
  changedAtMs: number;
  periodSeconds: number;
  evaluationPeriods: number;
}>;

export type AlarmTransition = Readonly<{
  key: string;
  atMs: number;
  from: AlarmState | null;
  to: AlarmState;
  /** Left out, or true where the change bears no reason of CloudWatch's own: somebody may have called SetAlarmState. */
  maybeSetByHand?: true;
}>;
