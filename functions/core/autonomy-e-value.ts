/** The smallest and the largest share of harm that are weighed against the limit stand this far from 0 and from it. */
const MARGIN = 0.0001;
/** How many shares are weighed, evenly spaced. */
const POINTS = 50;

/** Shares of harm below the limit, 0..limit, against which the limit itself is tested; the limit is above 0.0002. */
export const sharesBelow = (limit: number): readonly number[] =>
  Array.from({ length: POINTS }, (_, place) => MARGIN + ((limit - 2 * MARGIN) * place) / (POINTS - 1));

/** An e-value that grows by one outcome at a time. */
export type Weighing = Readonly<{
  add: (harmed: boolean) => void;
  /** ln e_n; 0 where nothing was seen. */
  logEValue: () => number;
}>;

/**
 * A test by betting of "at least `limit` of the runs do harm": e_n = mean over g of (g/limit)^k ((1-g)/(1-limit))^(n-k) for k
 * harms in n runs. Where the limit or more of the runs do harm, e_n reaches 1/alpha at any time with a probability of at most
 * alpha, however often and whenever one looks (Ville's inequality; Ramdas, Grünwald, Vovk and Shafer 2023, "Game-theoretic
 * statistics and safe anytime-valid inference", section 4). It depends on n and k alone, and is never reset.
 */
export const weighing = (limit: number): Weighing => {
  const shares = sharesBelow(limit);
  const ofHarm = shares.map((share) => Math.log(share / limit));
  const ofNone = shares.map((share) => Math.log1p(-share) - Math.log1p(-limit));
  const logs = shares.map(() => 0);
  return {
    add: (harmed) => {
      for (const [place, step] of (harmed ? ofHarm : ofNone).entries()) logs[place] = (logs[place] ?? 0) + step;
    },
    logEValue: () => logMean(logs),
  };
};

/** ln e_n of k harms in n runs. @param runs whole, >= 0 @param harms whole, 0..runs @param limit 0..1, above 0.0002 */
export const logEValueOf = (runs: number, harms: number, limit: number): number =>
  logMean(
    sharesBelow(limit).map(
      (share) => harms * Math.log(share / limit) + (runs - harms) * (Math.log1p(-share) - Math.log1p(-limit)),
    ),
  );

/** ln of what e_n has to reach: so many cells are tested at once, and all of them together may be wrong with 1 - confidence. */
export const logNeeded = (cells: number, confidence: number): number => Math.log(Math.max(1, cells) / (1 - confidence));

/** How many more runs, all without harm, until ln e_n reaches `needed`; 0 where it has. */
export const cleanRunsToGo = (runs: number, harms: number, limit: number, needed: number): number => {
  const reaches = (more: number): boolean => logEValueOf(runs + more, harms, limit) >= needed;
  if (reaches(0)) return 0;
  let tooFew = 0;
  let enough = 1;
  // Every clean run multiplies each weight by more than 1, so that this ends.
  while (!reaches(enough)) [tooFew, enough] = [enough, enough * 2];
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (reaches(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
};

/** ln of the mean of exp, without overflow. */
const logMean = (logs: readonly number[]): number => {
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, one) => sum + Math.exp(one - most), 0) / logs.length);
};
