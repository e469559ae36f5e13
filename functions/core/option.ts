import type { Context } from "./context.ts";
import type { Resource } from "./evidence.ts";
import { type BlastRadius, type Catalogue, findRunbook, type Runbook } from "./runbook.ts";
import { type Scene, sceneOf } from "./scene.ts";
import type { Candidate } from "./stages.ts";
import { type Past, pastOf } from "./track-record.ts";

/** What stands beside a candidate when it is encoded: the list it is in, and what became of earlier runs. */
export type Beside = Readonly<{ candidates: readonly Candidate[]; past: Past }>;

/** Nothing beside it, and no past. */
export const ALONE: Beside = { candidates: [], past: pastOf(null) };

/** One candidate with all that its features ask of it. */
export type Option = Readonly<{
  scene: Scene;
  candidate: Candidate;
  /** Null where the catalogue does not know it: it then counts as the riskiest. */
  runbook: Runbook | null;
  /** Null where it touches nothing, or nothing that is known. */
  target: Resource | null;
  radius: BlastRadius | null;
  rivals: readonly Candidate[];
  past: Past;
}>;

export const optionOf = (context: Context, candidate: Candidate, catalogue: Catalogue, beside: Beside): Option => {
  const scene = sceneOf(context);
  const runbook = findRunbook(catalogue, candidate.runbook, candidate.version);
  const target = candidate.target === null ? null : (scene.resources.get(candidate.target) ?? null);
  const radius = runbook === null || target === null ? null : runbook.blastRadius(target, candidate.params);
  return { scene, candidate, runbook, target, radius, rivals: beside.candidates, past: beside.past };
};
