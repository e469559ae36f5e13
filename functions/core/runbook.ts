import type { z } from "zod";
import type { AutomationDocument } from "./automation-document.ts";
import type { Context } from "./context.ts";
import type { Resource } from "./evidence.ts";

/** T0 no interruption .. T3 data store, several zones or a whole service. */
export type Tier = 0 | 1 | 2 | 3;

/** Parameters are flat and typed; the keys are the document's own parameter names. */
export type Params = Readonly<Record<string, string | number>>;

/** What a runbook would touch on this target: measured, not declared. */
export type BlastRadius = Readonly<{
  /** Share of the target's capacity that is interrupted at once, 0..1. */
  share: number;
  resources: number;
  zones: number;
  /** True for a database, a queue's content or anything else that holds data. */
  dataStore: boolean;
  /** Capacity that keeps serving while the runbook runs; null where the notion does not apply. */
  capacity: Readonly<{ desired: number; remaining: number }> | null;
}>;

/** What the runbook's own rules suggest for this incident. `fit` 0..1 is how well the evidence matches, not a probability. */
export type Suggestion = Readonly<{
  target: string;
  params: Params;
  fit: number;
  /** One plain sentence of computed facts. */
  because: string;
  /** Ids of series, changes or log templates that it rests on. */
  evidence: readonly string[];
}>;

/**
 * A runbook is a contract. `wait` and `page` are runbooks without documents.
 * A runbook without `undo` is never automatic, whatever its tier, unless its reversal is "not-needed".
 */
export type Runbook = Readonly<{
  id: string;
  version: string;
  title: string;
  /** What choosing it means: an automation runs, Quell looks again later, or a person takes over. */
  kind: "effect" | "wait" | "page";
  /** What happens to users and data while it runs, for the card. */
  effect: string;
  /** CloudFormation's type name of its target; null where it has none. */
  targetType: string | null;
  /** That its document acts on the root of its target's hierarchy, and names that; left out where it names the target. */
  actsOn?: "root";
  parameters: z.ZodType<Params>;
  tier: Tier;
  reversal: "inverse" | "not-needed" | "none";
  documents: Readonly<{ automation: AutomationDocument; undo: AutomationDocument | null }> | null;
  expectedMinutes: number;
  cooldownSeconds: number;
  /** What to do with a running execution when the alarm recovers meanwhile. */
  whenRecovered: "finish" | "stop";
  /** Metrics whose breach this runbook is meant to end, as `namespace/metricName`. */
  treats: readonly string[];
  /** Whether a deployment in progress on the target is what it ends (then change-in-progress does not bar it). */
  endsDeployment: boolean;
  /**
   * Kinds of change on its target that it takes back: a fresh one of somebody else does not bar it then. Where it is left
   * out, deployments, of a runbook that ends them.
   */
  takesBack?: readonly ("deployment" | "config")[];
  /** What of its target it changes for good that infrastructure as code may hold, in words; left out where it changes none. */
  departsFrom?: string;
  blastRadius: (target: Resource, params: Params) => BlastRadius;
  /** When its rules suggest it, in one plain sentence for people. */
  suitsWhen: string;
  /**
   * Parameters with which somebody who knows nothing more would run it on this target; null where it does not apply to it
   * as it stands, or where there is no target.
   */
  aim: (target: Resource) => Params | null;
  suits: (context: Context) => readonly Suggestion[];
}>;

/** The catalogue as one value: core never imports it. */
export type Catalogue = Readonly<{ hash: string; runbooks: readonly Runbook[] }>;

/** Finds a runbook by exact id and version; anything else is unknown. */
export const findRunbook = (catalogue: Catalogue, id: string, version: string): Runbook | null =>
  catalogue.runbooks.find((runbook) => runbook.id === id && runbook.version === version) ?? null;
