import type { Estimate } from "../../core/stages.ts";
import type { Knots } from "./manifest.ts";

/** Where a raw value lies among the knots: between `from` and the next one, `share` 0..1 of the way. */
const placeOf = (raw: readonly number[], value: number): Readonly<{ from: number; share: number }> => {
  const after = raw.findIndex((one) => one > value);
  if (after === 0) return { from: 0, share: 0 };
  if (after < 0) return { from: raw.length - 1, share: 0 };
  const [low, high] = [raw[after - 1] ?? value, raw[after] ?? value];
  return { from: after - 1, share: (value - low) / (high - low) };
};

/** What was seen where a model said this: linear between knots, constant beyond the first and the last. */
export const calibrated = (knots: Knots, value: number): Estimate => {
  const { from, share } = placeOf(knots.raw, value);
  const between = (values: readonly number[]): number => {
    const here = values[from] ?? Number.NaN;
    return share === 0 ? here : here + share * ((values[from + 1] ?? Number.NaN) - here);
  };
  return { mean: between(knots.mean), low: between(knots.low), high: between(knots.high) };
};
