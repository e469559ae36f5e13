import type { Limits, Score } from "../core/stages.ts";
import type { PolicyOf } from "./days/day.ts";
import type { PriceOf } from "./tree.ts";

/**
 * One policy on its own, nobody else asked and nothing led. @param unscored stands for a candidate without a score
 * @param limits where it is a learnt model
 */
export const alone =
  (name: string, priceOf: PriceOf, unscored: () => Score, limits?: Limits): PolicyOf =>
  (world, documents) => {
    const price = priceOf(world, documents);
    let decision = 0;
    return {
      ...{ policy: name, modelHash: "", draw: "best", ...(limits === undefined ? {} : { limits }) },
      score: async (state, candidates, verdicts = []) => {
        const scores = await price({ decision, state, candidates, verdicts }, [name]);
        decision += 1;
        return (scores.get(name) ?? []).map((score) => score ?? unscored());
      },
    };
  };
