import type { AutomationDocument } from "../core/automation-document.ts";
import type { Catalogue } from "../core/runbook.ts";
import type { Score } from "../core/stages.ts";
import type { Grade } from "../world/people/person.ts";
import type { World } from "../world/state.ts";
import { boundOf } from "./bound.ts";
import { personScores } from "./days/people-choose.ts";
import type { Scene } from "./tree.ts";

/** Scores a scene by looking into the world as it is at that moment: a person who knows more than vectors, or a bound. */
type Seer = (scene: Scene) => Promise<readonly Score[]>;
/** Made at the beginning of each play. */
export type SeerOf = (catalogue: Catalogue, world: World, documents: ReadonlyMap<string, AutomationDocument>) => Seer;

const personOf =
  (grade: Grade): SeerOf =>
  (catalogue, world) => {
    const scores = personScores(catalogue, world, grade);
    return async ({ decision, verdicts }) => scores(decision, verdicts);
  };

const boundNamed =
  (name: string): SeerOf =>
  (catalogue, world, documents) => {
    const { score } = boundOf(catalogue, name)(world, documents);
    return ({ state, candidates, verdicts }) => score(state, candidates, verdicts);
  };

/** Policies that look into the world, none of which could be deployed. */
export const SEERS: ReadonlyMap<string, SeerOf> = new Map([
  ["oncall-average", personOf("average")],
  ["oncall-expert", personOf("expert")],
  ["bound", boundNamed("bound")],
  ["catalogue-bound", boundNamed("catalogue-bound")],
]);
