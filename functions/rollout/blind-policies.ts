import { CANDIDATE_FEATURES } from "../core/features.ts";
import { POLICIES } from "../core/policies.ts";
import type { Score } from "../core/stages.ts";
import { uniform } from "../world/random.ts";
import type { Scene } from "./tree.ts";

/**
 * Scores one scene from what it shows. Whoever draws does so from the stream and the decision's number alone, so that a day
 * that is played again has the same draws. @param stream names the day and the policy
 */
export type BlindPolicy = (scene: Scene, stream: string) => Promise<readonly Score[]>;

/** Out of how many of the best one is drawn. */
const BEST_RANKED = 3;

const ofProduction = (name: "rules" | "drafter" | "page"): BlindPolicy => {
  const policy = POLICIES[name];
  if (policy === undefined) throw new RangeError(`no policy is called ${name}`);
  return ({ state, candidates }) => policy.score(state, candidates);
};

const drafter = ofProduction("drafter");

/** 1 for the candidate at this index, 0 for the others. */
const only = (scene: Scene, index: number): readonly Score[] =>
  scene.verdicts.map((_, i) => ({ q: { mean: i === index ? 1 : 0, sd: 0 } }));

const allowedIn = ({ verdicts }: Scene): readonly number[] =>
  verdicts.flatMap(({ kind }, index) => (kind === "allowed" ? [index] : []));

const drawnFrom = (scene: Scene, indices: readonly number[], stream: string): readonly Score[] =>
  only(scene, indices[Math.floor(uniform(stream, scene.decision) * indices.length)] ?? -1);

const isFlagged = (scene: Scene, index: number, feature: "effect" | "pages"): boolean =>
  scene.candidates[index]?.[CANDIDATE_FEATURES.indexOf(feature)] === 1;

/** One of the three allowed effects that the drafter and, where it is silent, the rules rank best; else a person. */
const randomOfThree: BlindPolicy = async (scene, stream) => {
  const ranked = await drafter(scene, stream);
  const worth = (index: number): number => ranked[index]?.q.mean ?? Number.NEGATIVE_INFINITY;
  const allowed = allowedIn(scene);
  const effects = allowed.filter((index) => isFlagged(scene, index, "effect"));
  const best = effects.toSorted((one, other) => worth(other) - worth(one)).slice(0, BEST_RANKED);
  return drawnFrom(scene, best.length > 0 ? best : allowed.filter((index) => isFlagged(scene, index, "pages")), stream);
};

/** Policies that need neither a model nor the world. */
export const BLIND_POLICIES: ReadonlyMap<string, BlindPolicy> = new Map([
  ["rules", ofProduction("rules")],
  ["drafter", drafter],
  ["page", ofProduction("page")],
  ["uniform", async (scene, stream) => drawnFrom(scene, allowedIn(scene), stream)],
  ["random-of-three", randomOfThree],
]);
