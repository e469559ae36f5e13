import { FAMILIES, type Family } from "../faults/fault.ts";
import { between } from "../random.ts";
import type { Habit } from "../resource-type.ts";
import type { ResourceState } from "../state.ts";

/** How well somebody knows the system: new to it, as most, or one of those who built it. */
export const GRADES = ["novice", "average", "expert"] as const;
export type Grade = (typeof GRADES)[number];

/** What one does at the console without knowing more. */
export type Move = Habit<ResourceState>["does"];
const MOVES: readonly Move[] = ["restart", "roll-back", "enlarge", "switch-off"];

/** Somebody who can be called. Shares and probabilities are 0..1. */
export type Person = Readonly<{
  /** Their name, by which effects, votes and the event log know them. */
  id: string;
  grade: Grade;
  /** `oncall` takes turns at the pager; `owners` know the whole system and are called by people, and for second consents. */
  group: "oncall" | "owners";
  /** How well they read dashboards: how often they look where the errors begin rather than where the alarm rings. */
  skill: number;
  /** Probability of recognising a fault at one look, by its family; 1 for experts. */
  familiarity: ReadonlyMap<Family, number>;
  /** How much they like each move, as weights. */
  habits: ReadonlyMap<Move, number>;
  /** How much risk bothers them. */
  caution: number;
  /** Probability of doing the right thing to the wrong resource when rested. */
  slips: number;
  /** Probability of repeating what helped last time where they do not recognise what is wrong. */
  copies: number;
  /** They call an owner after so many minutes of trying. */
  patienceMinutes: number;
  utcOffsetHours: number;
}>;

type Range = readonly [low: number, high: number];

/**
 * Between which values a person of each grade is drawn. No published data gives them: they are set so that an average
 * person recognises every second fault at the first look, and a novice every fifth.
 */
const RANGES: Readonly<Record<Grade, Readonly<{ skill: Range; caution: Range; slips: Range; copies: Range }>>> = {
  novice: { skill: [0.1, 0.3], caution: [0.3, 0.9], slips: [0.1, 0.25], copies: [0.3, 0.6] },
  average: { skill: [0.35, 0.65], caution: [0.2, 0.7], slips: [0.04, 0.14], copies: [0.15, 0.4] },
  expert: { skill: [0.92, 1], caution: [0.1, 0.4], slips: [0, 0], copies: [0, 0] },
};
/** A specialist of one family is a stranger to another. */
const FAMILY_SPREAD = 0.25;
/** Who likes restarts best restarts up to ten times as often as somebody who likes them least. */
const LIKING: Range = [0.1, 1];
const PATIENCE_MINUTES: Range = [25, 60];
/** From California to Singapore: somebody on call sleeps at any hour. */
const UTC_OFFSETS: Range = [-8, 8];

/** Who there is, in every seed: ten who take turns at the pager, most of them average, and two owners. */
export const ROSTER: readonly Pick<Person, "id" | "grade" | "group">[] = [
  ...["ana", "ben", "cleo"].map((id) => ({ id, grade: "novice" as const, group: "oncall" as const })),
  ...["dov", "eli", "fay", "gus", "hana", "ivo"].map((id) => ({
    id,
    grade: "average" as const,
    group: "oncall" as const,
  })),
  { id: "jin", grade: "expert", group: "oncall" },
  ...["kim", "leo"].map((id) => ({ id, grade: "expert" as const, group: "owners" as const })),
];

/** Everybody of a seed, the same in all its incidents. */
export const population = (seed: number): readonly Person[] => ROSTER.map(({ id }) => personNamed(seed, id));

/** The person of this id as their seed draws them. Throws RangeError where nobody is called so. */
export const personNamed = (seed: number, id: string): Person => {
  const listed = ROSTER.find((one) => one.id === id);
  if (listed === undefined) throw new RangeError(`nobody on call is called ${id}`);
  const { grade, group } = listed;
  const stream = (fact: string): string => `${seed}|people|${id}|${fact}`;
  const within = (fact: string, [low, high]: Range): number => between(stream(fact), 0, low, high);
  const ranges = RANGES[grade];
  const skill = within("skill", ranges.skill);
  const familiarityWith = (family: Family): number => {
    if (grade === "expert") return 1;
    const drawn = skill + within(`knows-${family}`, [-FAMILY_SPREAD, FAMILY_SPREAD]);
    return Math.min(0.95, Math.max(0.02, drawn));
  };
  return {
    id,
    grade,
    group,
    skill,
    familiarity: new Map(FAMILIES.map((family) => [family, familiarityWith(family)])),
    habits: new Map(MOVES.map((move) => [move, within(`likes-${move}`, LIKING)])),
    caution: within("caution", ranges.caution),
    slips: within("slips", ranges.slips),
    copies: within("copies", ranges.copies),
    patienceMinutes: within("patience", PATIENCE_MINUTES),
    utcOffsetHours: Math.round(within("offset", UTC_OFFSETS)),
  };
};
