import { cleanRunsToGo, logNeeded, type Weighing, weighing } from "./autonomy-e-value.ts";
import { type AutonomyEvent, byKnown, type Cell, cellKey } from "./autonomy-evidence.ts";
import type { Actor } from "./autonomy-item.ts";
import { reversible } from "./guard-facts.ts";
import type { Catalogue, Runbook } from "./runbook.ts";
import { type Settings, settingsSchema } from "./settings.ts";
import { type Counted, differenceOf } from "./share-interval.ts";
import type { Estimate } from "./stages.ts";

/** A cell that can earn to act alone, and its runbook's own tier. */
export type EarningCell = Cell & Readonly<{ tier: 0 | 1 }>;

/**
 * How far a cell has come. It acts alone where `earnedAtMs` is set. Counts are of clusters of incidents: `counted` of those
 * that had a run or a veto, `harms` of those with any harm or veto, `vetoes` and `runs` of those with at least one.
 */
export type CellState = EarningCell &
  Readonly<{
    counted: number;
    runs: number;
    harms: number;
    vetoes: number;
    /** The highest share of harm that its owner accepts, 0..1. */
    maxHarmShare: number;
    /** ln of the e-value, and of what it has to reach. */
    logEValue: number;
    logNeeded: number;
    /** Runs that recovered, and waits in which it recovered by itself where the runbook might have run. */
    recovered: Counted;
    waited: Counted;
    /** How much more often it recovers with the runbook than with waiting; null where waiting was seldom logged. */
    uplift: Estimate | null;
    /** Runs without harm until the e-value suffices; the uplift may still be missing then. */
    cleanRunsToGo: number;
    earnedAtMs: number | null;
    /** A harm confirmed while it acted alone: until a person reinstates it. */
    suspended: Readonly<{ atMs: number; because: string }> | null;
  }>;

export type AutonomySettings = Settings["autonomy"];

/** The default settings with another share of harm that its owner accepts, 0.001..0.5. */
export const ownersLimit = (maxHarmShare: number): AutonomySettings => ({
  ...settingsSchema.shape.autonomy.parse({}),
  maxHarmShare: { tier0: maxHarmShare, tier1: maxHarmShare },
});

/**
 * The cells that are tested at once: every runbook that may act alone at all, in each of the environments, whether it ever
 * ran or not. So their number, by which what is needed grows, is fixed before the first run and never moves with the data.
 */
export const earningCells = (catalogue: Catalogue, environments: readonly string[]): readonly EarningCell[] =>
  catalogue.runbooks.flatMap((runbook) => {
    const tier = earningTier(runbook);
    if (tier === null) return [];
    return [...new Set(environments)].map((environment) => ({ runbook: runbook.id, environment, tier }));
  });

/** What is hard to take back, or touches a data store or a whole service, always takes a person's consent. */
const earningTier = (runbook: Runbook): EarningCell["tier"] | null => {
  if (runbook.kind !== "effect" || !reversible(runbook).holds) return null;
  return runbook.tier === 0 || runbook.tier === 1 ? runbook.tier : null;
};

/**
 * The state of each cell as the evidence that was known before `asOfMs` leaves it. A cell earns to act alone once its
 * e-value over all runs suffices and the lower bound of its uplift over waiting is above 0; it asks again as soon as either
 * no longer holds, and one confirmed harm while it acts alone suspends it.
 * @param events in any order @param reinstatedAtMs when a person last lifted a cell's suspension, by `cellKey`
 * @param acting whose states they are: a clean trial under another model is no evidence of what this one does, a harm is
 * under any. The events are those of one policy. Null counts every trial.
 */
export const autonomyOf = (
  events: readonly AutonomyEvent[],
  cells: readonly EarningCell[],
  settings: AutonomySettings,
  asOfMs = Number.POSITIVE_INFINITY,
  reinstatedAtMs: ReadonlyMap<string, number> = new Map(),
  acting: Actor | null = null,
): readonly CellState[] => {
  const counts = (event: AutonomyEvent): boolean =>
    event.kind !== "trial" || event.harmed || acting === null || event.modelHash === acting.modelHash;
  const known = events.filter((event) => event.atMs < asOfMs && counts(event)).toSorted(byKnown);
  const needed = logNeeded(cells.length, settings.confidence);
  return cells.map((cell) => {
    const liftedAtMs = reinstatedAtMs.get(cellKey(cell)) ?? Number.NEGATIVE_INFINITY;
    const tally = tallyOf(cell, settings, needed, liftedAtMs);
    for (const event of known) if (concerns(cell, event)) tally.add(event);
    return tally.state();
  });
};

const concerns = (cell: Cell, event: AutonomyEvent): boolean =>
  event.environment === cell.environment &&
  (event.kind === "waited" ? event.runbooks.includes(cell.runbook) : event.runbook === cell.runbook);

type Tally = Readonly<{ add: (event: AutonomyEvent) => void; state: () => CellState }>;
type Counts = Record<"counted" | "runs" | "harms" | "vetoes" | "recovered" | "waits" | "healed", number>;

/** Counts one cell's events in their order, and grants, takes away and suspends as they come. */
const tallyOf = (cell: EarningCell, settings: AutonomySettings, needed: number, liftedAtMs: number): Tally => {
  const maxHarmShare = cell.tier === 0 ? settings.maxHarmShare.tier0 : settings.maxHarmShare.tier1;
  const weighed: Weighing = weighing(maxHarmShare);
  const counts: Counts = { counted: 0, runs: 0, harms: 0, vetoes: 0, recovered: 0, waits: 0, healed: 0 };
  let earnedAtMs: number | null = null;
  let suspended: CellState["suspended"] = null;
  const uplift = (): Estimate | null => {
    if (counts.waits < settings.leastWaits) return null;
    const [ran, waited] = [
      { count: counts.recovered, of: counts.runs },
      { count: counts.healed, of: counts.waits },
    ];
    return differenceOf(ran, waited, settings.confidence);
  };
  const judge = (atMs: number): void => {
    const suffices = weighed.logEValue() >= needed && (uplift()?.low ?? 0) > 0;
    if (!suffices || suspended !== null) earnedAtMs = null;
    else earnedAtMs ??= atMs;
  };
  const add = (event: AutonomyEvent): void => {
    if (suspended !== null && suspended.atMs < liftedAtMs && liftedAtMs <= event.atMs) suspended = null;
    if (event.kind === "trial") {
      weighed.add(event.harmed);
      counts.counted += 1;
      counts.runs += event.ran ? 1 : 0;
      counts.harms += event.harmed ? 1 : 0;
      counts.vetoes += event.vetoed ? 1 : 0;
      counts.recovered += event.recovered ? 1 : 0;
    } else if (event.kind === "waited") {
      counts.waits += 1;
      counts.healed += event.recovered ? 1 : 0;
    } else if (earnedAtMs !== null) suspended = suspendedBy(event);
    judge(event.atMs);
  };
  const state = (): CellState => {
    const { counted, runs, harms, vetoes, recovered, waits, healed } = counts;
    const isLifted = suspended !== null && suspended.atMs < liftedAtMs;
    return {
      ...cell,
      ...{ counted, runs, harms, vetoes, maxHarmShare },
      logEValue: weighed.logEValue(),
      logNeeded: needed,
      recovered: { count: recovered, of: runs },
      waited: { count: healed, of: waits },
      uplift: uplift(),
      cleanRunsToGo: cleanRunsToGo(counted, harms, maxHarmShare, needed),
      earnedAtMs,
      suspended: isLifted ? null : suspended,
    };
  };
  return { add, state };
};

const suspendedBy = ({ atMs, decisionId }: Extract<AutonomyEvent, { kind: "confirmed" }>) => ({
  atMs,
  because: `it was seen to make things worse in decision ${decisionId}`,
});
