import type { EpisodeRow } from "../core/episode.ts";
import type { PastRun } from "../core/track-record.ts";
import { faultNamed } from "../world/faults/all-faults.ts";
import { type Day, playDay } from "./days/day.ts";
import { type DrawnDay, HELD_OUT_FAMILIES } from "./days/days.ts";
import { type AskModels, type JudgedPolicy, pricesOf } from "./evaluation-policies.ts";
import { recordBefore } from "./evaluation-record.ts";
import { playTogether } from "./tree.ts";

/** What came of one day under one policy. Hours are hours of severity-1 impact; minutes are minutes of lost requests. */
export type JudgedDay = Readonly<{
  world: number;
  day: number;
  /** Of the first fault. */
  family: string;
  families: readonly string[];
  fault: string;
  /** No log to learn from has a fault of this family. */
  heldOut: boolean;
  policy: string;
  hours: number;
  impactMinutes: number;
  minutesToRecover: readonly number[];
  actions: number;
  harmful: number;
  /** Actions that spared no impact against leaving the world alone. */
  withoutUplift: number;
  pages: number;
  incidents: number;
  /** Runbooks that were executed, `wait` and `page` among them, in the order of the decisions. */
  choices: readonly string[];
}>;

/** Where a day stands among all, and what it is played with. */
export type DayToJudge = Readonly<{
  world: number;
  day: number;
  drawn: DrawnDay;
  /** What is known to have run before it, as a log's first days have it. */
  past: readonly PastRun[];
}>;

/** A day under every policy, in the order of the policies, and how often it had to be played for it. */
export type JudgedDays = Readonly<{ days: readonly JudgedDay[]; plays: number }>;

/** Judges one day under all of these policies; those that choose alike share a play. */
export const judgeDay = async (
  { world, day, drawn, past }: DayToJudge,
  policies: readonly JudgedPolicy[],
  ask: AskModels,
): Promise<JudgedDays> => {
  const { scenario, catalogue } = drawn;
  const stream = `${scenario.seed}/${scenario.index}`;
  const trackRecord = recordBefore(past, scenario.startMs);
  const found = foundIn(drawn);
  const days = new Map<string, JudgedDay>();
  let plays = 0;
  // Whoever brings a drafter has other candidates to choose from, and so another day.
  for (const [drafter, group] of Map.groupBy(policies, draftedBy)) {
    const own = drafter === null ? {} : { drafter };
    const paths = await playTogether(
      (policy) => playDay({ ...drawn, trackRecord, judge: true, ...own, policy }),
      catalogue,
      group.map(({ name }) => name),
      pricesOf(group, catalogue, ask, stream),
    );
    plays += paths.length;
    for (const { end, policies } of paths)
      for (const policy of policies) days.set(policy, { world, day, ...found, policy, ...cameOf(end) });
  }
  return { days: policies.flatMap(({ name }) => days.get(name) ?? []), plays };
};

const draftedBy = (policy: JudgedPolicy) => (policy.kind === "seer" ? policy.drafter : null);

const foundIn = ({ scenario: { fault, faults } }: DrawnDay) => {
  const family = familyOf(fault);
  const families = [...new Set(faults.map((one) => familyOf(one.fault)))];
  return { family, families, fault, heldOut: HELD_OUT_FAMILIES.some((one) => one === family) };
};

const familyOf = (fault: string): string => faultNamed(fault)?.family ?? "none";

const cameOf = ({ rows, incidents, judged, hours, impactMinutes, minutesToRecover, actions, pages }: Day) => ({
  hours,
  impactMinutes,
  minutesToRecover,
  actions,
  harmful: judged.filter(({ isHarmful }) => isHarmful).length,
  withoutUplift: judged.filter(({ uplift }) => uplift <= 0).length,
  pages,
  incidents: incidents.length,
  choices: choicesIn(rows),
});

const choicesIn = (rows: readonly EpisodeRow[]): readonly string[] => {
  const newest = new Map(rows.map((row) => [row.decision_id, row]));
  return [...newest.values()]
    .toSorted((one, other) => one.decided_at - other.decided_at || (one.decision_id < other.decision_id ? -1 : 1))
    .map(({ executed_runbook }) => executed_runbook);
};
