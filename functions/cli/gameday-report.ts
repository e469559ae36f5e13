import type { TERMINALS, Terminal } from "../core/reasons.ts";

/** What one world ended with: plain JSON, kept in the store so that a restart need not play it again. */
export type WorldResult = Readonly<{
  index: number;
  fault: string;
  /** The fault's family; `none` where nothing broke. */
  family: string;
  incidents: readonly IncidentResult[];
  /** Integral over minutes of the share of entry requests failed or over SLO, over the whole world. */
  impactMinutes: number;
  /** Runs of runbooks in the world's own ledger, undos apart. */
  actions: number;
  undos: number;
  harmful: number;
  pages: number;
  duplicatedEffects: number;
  /** Of all decisions of its incidents, in hours of severity-1 impact. */
  cost: number;
}>;

/** What one incident ended with. */
export type IncidentResult = Readonly<{
  id: string;
  /** Null: it never ended, a finding. */
  terminal: Terminal | null;
  /** First user impact to the OK that held; null where it did not recover under our eyes. */
  minutesToRecover: number | null;
  /** Why it has no end, in words for a person. */
  trouble: string | null;
}>;

/** What `gameday --json` prints: counts over all worlds, minutes, and hours of severity-1 impact in `meanReturn`. */
export type GamedayReport = Readonly<{
  schema: 1;
  seed: number;
  incidents: number;
  terminal: Readonly<Record<Terminal, number>>;
  minutesToRecover: Readonly<{ median: number | null; p90: number | null; n: number }>;
  impactMinutes: number;
  actions: number;
  undos: number;
  harmful: number;
  pages: number;
  duplicatedEffects: number;
  meanReturn: number;
  /** One row a family that occurred, in the order of their names. */
  families: readonly FamilyReport[];
  /** Where evidence was named by which runbooks act alone: those that had earned it, and what they did; else null. */
  autonomy: readonly ActedAlone[] | null;
  timing: Readonly<{ wallSeconds: number; incidentsPerSecond: number }>;
}>;

/** A runbook that had earned to act without a person's consent, its runs without one, and in how many harm was observed. */
export type ActedAlone = Readonly<{ runbook: string; environment: string; runs: number; harms: number }>;

/** What became of the worlds whose fault is of one family. */
export type FamilyReport = Readonly<{
  family: string;
  worlds: number;
  incidents: number;
  /** Of the incidents, 0..1; null where there are none. */
  resolvedShare: number | null;
  selfRecoveredShare: number | null;
  /** Mean of a world. */
  impactMinutes: number;
  harmful: number;
  actions: number;
  pages: number;
}>;

/** Sums up the worlds. @param wallSeconds of this process: all but `timing` is the same for the same seed */
export const gamedayReport = (
  seed: number,
  worlds: readonly WorldResult[],
  wallSeconds: number,
  autonomy: GamedayReport["autonomy"] = null,
): GamedayReport => {
  const incidents = worlds.flatMap((world) => world.incidents);
  const minutes = incidents.flatMap(({ minutesToRecover }) => (minutesToRecover === null ? [] : [minutesToRecover]));
  const total = totalOver(worlds);
  return {
    schema: 1,
    seed,
    incidents: incidents.length,
    terminal: countTerminals(incidents),
    minutesToRecover: { median: quantile(minutes, 0.5), p90: quantile(minutes, 0.9), n: minutes.length },
    impactMinutes: rounded(total((world) => world.impactMinutes) / Math.max(1, worlds.length)),
    actions: total((world) => world.actions),
    undos: total((world) => world.undos),
    harmful: total((world) => world.harmful),
    pages: total((world) => world.pages),
    duplicatedEffects: total((world) => world.duplicatedEffects),
    meanReturn: rounded(-total((world) => world.cost) / Math.max(1, incidents.length)),
    families: familiesOf(worlds),
    autonomy,
    timing: {
      wallSeconds: rounded(wallSeconds),
      incidentsPerSecond: rounded(incidents.length / Math.max(0.001, wallSeconds)),
    },
  };
};

const familiesOf = (worlds: readonly WorldResult[]): readonly FamilyReport[] =>
  [...Map.groupBy(worlds, ({ family }) => family)]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([family, members]) => {
      const total = totalOver(members);
      const incidents = members.flatMap((world) => world.incidents);
      const terminal = countTerminals(incidents);
      const share = (count: number): number | null =>
        incidents.length === 0 ? null : rounded(count / incidents.length);
      return {
        family,
        worlds: members.length,
        incidents: incidents.length,
        resolvedShare: share(terminal.RESOLVED),
        selfRecoveredShare: share(terminal.SELF_RECOVERED),
        impactMinutes: rounded(total((world) => world.impactMinutes) / members.length),
        harmful: total((world) => world.harmful),
        actions: total((world) => world.actions),
        pages: total((world) => world.pages),
      };
    });

const totalOver =
  (worlds: readonly WorldResult[]) =>
  (of: (world: WorldResult) => number): number =>
    worlds.reduce((sum, world) => sum + of(world), 0);

/** True where the report is a finding: an effect ran twice, or an incident has no end. */
export const isFinding = (worlds: readonly WorldResult[]): boolean =>
  worlds.some((world) => world.duplicatedEffects > 0 || world.incidents.some(({ terminal }) => terminal === null));

const countTerminals = (incidents: readonly IncidentResult[]): Readonly<Record<Terminal, number>> => {
  const count = { MERGED: 0, RESOLVED: 0, SELF_RECOVERED: 0, REJECTED: 0, EXPIRED: 0, ROLLED_BACK: 0, ESCALATED: 0 };
  for (const { terminal } of incidents) if (terminal !== null) count[terminal] += 1;
  return count satisfies Record<(typeof TERMINALS)[number], number>;
};

/** Linear interpolation between order statistics (type 7, the default of R and NumPy); null of nothing. */
export const quantile = (values: readonly number[], share: number): number | null => {
  const sorted = values.toSorted((one, other) => one - other);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) return null;
  return rounded(below + (above - below) * (position - Math.floor(position)));
};

/** Three decimals: a thousandth of a minute is below the world's own resolution. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000 + 0;
