import type { AutomationDocument } from "../core/automation-document.ts";
import type { Catalogue, Runbook, Tier } from "../core/runbook.ts";
import { leastTier, type Needs, type NeedsById } from "./runbooks-consents.ts";
import { type Permission, permissionsOf } from "./runbooks-permissions.ts";
import { radiusWords } from "./runbooks-radius.ts";
import { type StepWords, stepsOf } from "./runbooks-steps.ts";

/** One parameter of a document: `pattern` is the whole text's, null where the type alone says what it takes. */
export type ParameterWords = Readonly<{
  name: string;
  type: string;
  pattern: string | null;
  standard: string | null;
  says: string;
}>;

/** One document under the name by which it is deployed. */
export type DocumentWords = Readonly<{
  name: string;
  hash: string;
  says: string;
  parameters: readonly ParameterWords[];
  steps: readonly StepWords[];
}>;

/** Everything about one runbook that people ask, in words and in the order in which they ask it. */
export type Sheet = Readonly<{
  id: string;
  version: string;
  kind: Runbook["kind"];
  title: string;
  effect: string;
  suitsWhen: string;
  targetType: string | null;
  /** What the runbook says of itself, and the lowest that a run of it may have. */
  tier: Tier;
  leastTier: Tier;
  tierWords: string;
  needs: Needs;
  needsWords: string;
  reversal: Runbook["reversal"];
  undoWords: string;
  blastRadius: string;
  expectedMinutes: number;
  cooldown: string;
  whenRecovered: string;
  duringDeployment: string;
  treats: readonly string[];
  permissions: readonly Permission[];
  automation: DocumentWords | null;
  undo: DocumentWords | null;
}>;

/** The sheets of all runbooks, in the catalogue's order. */
export const sheetsOf = (catalogue: Catalogue, needs: NeedsById): readonly Sheet[] =>
  catalogue.runbooks.map((runbook) => sheetOf(runbook, needs.get(runbook.id) ?? "refused"));

const sheetOf = (runbook: Runbook, needs: Needs): Sheet => {
  const { id, version, kind, title, effect, suitsWhen, targetType, tier, expectedMinutes, treats } = runbook;
  const least = leastTier(runbook);
  const automation = runbook.documents?.automation ?? null;
  const undo = runbook.documents?.undo ?? null;
  return {
    id,
    version,
    kind,
    title,
    effect,
    suitsWhen,
    targetType,
    tier,
    leastTier: least,
    tierWords: TIER_WORDS[least],
    needs,
    needsWords: needsWords(needs),
    reversal: runbook.reversal,
    undoWords: kind === "effect" ? UNDO_WORDS[runbook.reversal] : "nothing to undo",
    blastRadius: kind === "effect" ? radiusWords(runbook) : "touches nothing",
    expectedMinutes,
    cooldown: cooldownWords(runbook.cooldownSeconds),
    whenRecovered: runbook.whenRecovered === "finish" ? "it is left to finish" : "it is stopped",
    duringDeployment: runbook.endsDeployment ? "it may run, and ends it" : "it is refused",
    treats,
    permissions: permissionsOf([automation, undo].filter((document) => document !== null)),
    automation: automation === null ? null : documentWords(automation),
    undo: undo === null ? null : documentWords(undo),
  };
};

const TIER_WORDS: Readonly<Record<Tier, string>> = {
  0: "no interruption",
  1: "a brief interruption of one service",
  2: "hard to reverse, stateful, or without an undo",
  3: "a data store, several zones or a whole service",
};

const UNDO_WORDS: Readonly<Record<Runbook["reversal"], string>> = {
  inverse: "its own undo restores what was before",
  "not-needed": "nothing to undo: it ends as it began",
  none: "cannot be undone",
};

const needsWords = (needs: Needs): string => {
  if (needs === "refused") return "the guardrails permit it to nobody";
  if (needs === 0) return "nobody's consent";
  return needs === 1 ? "1 consent" : `${needs} consents, from people of two groups`;
};

const cooldownWords = (seconds: number): string => {
  if (seconds === 0) return "none";
  if (seconds < 60) return `${seconds} s`;
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${Math.round(seconds / 60)} min`;
};

const documentWords = (document: AutomationDocument): DocumentWords => ({
  name: document.name,
  hash: document.hash,
  says: document.content.description,
  parameters: Object.entries(document.content.parameters).map(([name, parameter]) => ({
    name,
    type: parameter.type,
    pattern: parameter.allowedPattern ?? null,
    standard: parameter.default === undefined ? null : String(parameter.default),
    says: parameter.description,
  })),
  steps: stepsOf(document),
});
