/** One figure that was measured: a cost has a budget it may not pass, a rate one that it must reach. */
export type Measured = Readonly<{
  name: string;
  value: number;
  unit: "ms" | "per s" | "MB" | "%";
  /** Null where the figure only explains another. */
  budget: Readonly<{ most: number }> | Readonly<{ least: number }> | null;
  /** What one unit of the work cost, in ms, for the ratio to the yardstick; null where the figure is no time. */
  costMs: number | null;
}>;

/** A time in ms, and what it may be at most. */
export const time = (name: string, ms: number, mostMs: number | null): Measured => ({
  name,
  value: ms,
  unit: "ms",
  budget: mostMs === null ? null : { most: mostMs },
  costMs: ms,
});

/** How often something is done in a second, and how often it must be at least. */
export const rate = (name: string, count: number, tookMs: number, leastPerSecond: number | null): Measured => ({
  name,
  value: (count * 1000) / tookMs,
  unit: "per s",
  budget: leastPerSecond === null ? null : { least: leastPerSecond },
  costMs: tookMs / count,
});

/** A part, 0..1, of a time that was measured; it explains another figure. */
export const part = (name: string, share: number): Measured => ({
  name,
  value: share * 100,
  unit: "%",
  budget: null,
  costMs: null,
});

/** Whether a figure keeps to its budget; null where it has none. */
export const isWithin = ({ value, budget }: Measured): boolean | null => {
  if (budget === null) return null;
  return "most" in budget ? value <= budget.most : value >= budget.least;
};

/** The value that this share (0..1) of all values does not pass, by nearest rank. Throws where there is no value. */
export const percentile = (values: readonly number[], share: number): number => {
  const ordered = values.toSorted((one, other) => one - other);
  const value = ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)];
  if (value === undefined) throw new RangeError("no values have no percentile");
  return value;
};
export const median = (values: readonly number[]): number => percentile(values, 0.5);
