import type { Estimate } from "./stages.ts";

/** So many of so many. */
export type Counted = Readonly<{ count: number; of: number }>;

/**
 * The normal quantile of a share above 0.5, within 0.00045 (Abramowitz and Stegun 1964, "Handbook of Mathematical
 * Functions", 26.2.23). @param share 0.5..1, both excluded
 */
export const normalQuantile = (share: number): number => {
  const t = Math.sqrt(-2 * Math.log(1 - share));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - above / below;
};

/** Wilson's score interval of a share (Wilson 1927, Journal of the American Statistical Association 22: 209-212). */
const wilson = ({ count, of }: Counted, z: number): Estimate => {
  const share = count / of;
  const middle = (share + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z / (1 + (z * z) / of)) * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  return { mean: share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
};

/**
 * The difference of two estimates that do not know of each other: Newcombe's square-and-add interval (Statistics in Medicine
 * 17, 1998, 873-890, method 10), which keeps the skew of both.
 */
export const difference = (a: Estimate, b: Estimate): Estimate => {
  const mean = a.mean - b.mean;
  return {
    mean,
    low: mean - Math.hypot(a.mean - a.low, b.high - b.mean),
    high: mean + Math.hypot(a.high - a.mean, b.mean - b.low),
  };
};

/**
 * How much greater the first share is than the second, with Newcombe's interval (Newcombe 1998, "Interval estimation for the
 * difference between independent proportions"): each end alone is a bound
 * that holds with `confidence`. Null where either share rests on nothing.
 */
export const differenceOf = (first: Counted, second: Counted, confidence: number): Estimate | null => {
  if (first.of === 0 || second.of === 0) return null;
  const z = normalQuantile(confidence);
  return difference(wilson(first, z), wilson(second, z));
};
