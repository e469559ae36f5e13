import { CANDIDATE_FEATURES } from "./features.ts";
import type { Scorer } from "./ports.ts";

/**
 * Policies that need no model: each prices a candidate from its feature vector alone, the same vector that is logged.
 * The catalogue's rules say how well the evidence fits; a try that failed in this incident and a higher tier cost.
 */
const PLACE: ReadonlyMap<string, number> = new Map(CANDIDATE_FEATURES.map((name, place) => [name, place]));
const feature = (vector: readonly number[], name: string): number => vector[PLACE.get(name) ?? -1] ?? Number.NaN;

/** One earlier try of the same thing outweighs any fit: what did not help is not repeated before a person is asked. */
const COST_OF_REPEATING = 0.6;
/** Breaks near-ties towards the gentler runbook without ever reordering a clear difference in fit. */
const COST_OF_A_TIER = 0.02;
/** Where no rule speaks for a candidate it stays below `page`, whose fit is 0.5. */
const FIT_WITHOUT_RULE = 0.3;

const byRules = (vector: readonly number[]): number => {
  const fit = feature(vector, "fitMissing") === 1 ? FIT_WITHOUT_RULE : feature(vector, "fit");
  const repeats = feature(vector, "effect") === 1 ? feature(vector, "triedBefore") : 0;
  return fit - COST_OF_REPEATING * repeats - COST_OF_A_TIER * feature(vector, "effect") * feature(vector, "tier");
};

/** The drafter's first choice first; what it did not name keeps its rule's order below. */
const byDrafter = (vector: readonly number[]): number => {
  const rank = feature(vector, "drafterRank");
  return rank < 32 && feature(vector, "triedBefore") === 0 ? 1 - rank / 32 : byRules(vector) - 1;
};

const scorer = (policy: string, draw: Scorer["draw"], price: (vector: readonly number[]) => number): Scorer => ({
  policy,
  modelHash: "",
  draw,
  score: async (_state, candidates) => candidates.map((vector) => ({ q: { mean: price(vector), sd: 0 } })),
});

/** Values this close to the best are worth the same to whoever explores: a tenth of a rule's whole scale of fit. */
export const TIE = 0.1;

/** Policies that are built; the command line lists exactly these. */
export const POLICIES: Readonly<Record<string, Scorer>> = {
  rules: scorer("rules", "best", byRules),
  drafter: scorer("drafter", "best", byDrafter),
  uniform: scorer("uniform", "uniform", byRules),
  page: scorer("page", "best", (vector) => (feature(vector, "pages") === 1 ? 1 : 0)),
};
