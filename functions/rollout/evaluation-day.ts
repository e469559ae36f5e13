import type { EpisodeRow } from "../core/episode.ts";
import type { Score } from "../core/stages.ts";
import type { PastRun } from "../core/track-record.ts";
import { faultNamed } from "../world/faults/all-faults.ts";
import { type Day, playDay } from "./days/day.ts";
import { type DrawnDay, HELD_OUT_FAMILIES } from "./days/days.ts";
import { type Costs, costsOf, finishedDay } from "./days/finished-day.ts";
import { discountedCost } from "./days/measure.ts";
import { type AskModels, type JudgedPolicy, pricesOf } from "./evaluation-policies.ts";
import { recordBefore } from "./evaluation-record.ts";
import { type PriceOf, playTogether, type Scene } from "./tree.ts";

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
  /** The parts of those hours. */
  costs: Costs;
  impactMinutes: number;
  minutesToRecover: readonly number[];
  actions: number;
  harmful: number;
  /** Actions that spared no impact against leaving the world alone. */
  withoutUplift: number;
  pages: number;
  /** Decisions that fell to a page because the policy had no finite score for something that was allowed. */
  abstained: number;
  incidents: number;
  /** Runbooks that were executed, `wait` and `page` among them, in the order of the decisions. */
  choices: readonly string[];
}>;

/** Where a day stands among all, and what it is played with. */
type DayToJudge = Readonly<{
  world: number;
  day: number;
  drawn: DrawnDay;
  /** What is known to have run before it, as a log's first days have it. */
  past: readonly PastRun[];
}>;

/** A day under every policy, in the order of the policies, and how often it had to be played for it. */
type JudgedDays = Readonly<{ days: readonly JudgedDay[]; plays: number }>;

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
  const abstentions = new Map<string, number>();
  const countsAbstention = (policy: string) => abstentions.set(policy, (abstentions.get(policy) ?? 0) + 1);
  let plays = 0;
  // Whoever brings a drafter has other candidates to choose from, and so another day.
  for (const [drafter, group] of Map.groupBy(policies, draftedBy)) {
    const own = drafter === null ? {} : { drafter };
    const paths = await playTogether(
      (policy) => playDay({ ...drawn, trackRecord, judge: true, ...own, policy }),
      catalogue,
      group.map(({ name }) => name),
      hearingAbstentions(pricesOf(group, catalogue, ask, stream), countsAbstention),
    );
    plays += paths.length;
    for (const { end, policies } of paths)
      for (const policy of policies)
        days.set(policy, { world, day, ...found, policy, ...cameOf(end, abstentions.get(policy) ?? 0) });
  }
  return { days: policies.flatMap(({ name }) => days.get(name) ?? []), plays };
};

/** The same prices; `hear` is told of each policy that could not price a scene. A policy is asked once a decision. */
const hearingAbstentions =
  (priceOf: PriceOf, hear: (policy: string) => void): PriceOf =>
  (world, documents) => {
    const price = priceOf(world, documents);
    return async (scene, policies) => {
      const scores = await price(scene, policies);
      for (const policy of policies) if (!isPriced(scene, scores.get(policy) ?? [])) hear(policy);
      return scores;
    };
  };

/** Whether all that may be chosen has a finite score; where it has not, choose abstains. */
const isPriced = ({ verdicts }: Scene, scores: readonly (Score | null)[]): boolean =>
  verdicts.every(({ kind }, index) => {
    const q = scores[index]?.q;
    return kind === "refused" || (q !== undefined && Number.isFinite(q.mean) && Number.isFinite(q.sd));
  });

const draftedBy = (policy: JudgedPolicy) => (policy.kind === "seer" ? policy.drafter : null);

const foundIn = ({ scenario: { fault, faults } }: DrawnDay) => {
  const family = familyOf(fault);
  const families = [...new Set(faults.map((one) => familyOf(one.fault)))];
  return { family, families, fault, heldOut: HELD_OUT_FAMILIES.some((one) => one === family) };
};

const familyOf = (fault: string): string => faultNamed(fault)?.family ?? "none";

const cameOf = (day: Day, abstained: number) => {
  const { incidents, judged, impactMinutes, minutesToRecover, actions, pages } = day;
  const rows = finishedDay(day);
  return {
    hours: discountedCost(rows),
    costs: costsOf(rows),
    impactMinutes,
    minutesToRecover,
    actions,
    harmful: judged.filter(({ isHarmful }) => isHarmful).length,
    withoutUplift: judged.filter(({ uplift }) => uplift <= 0).length,
    pages,
    abstained,
    incidents: incidents.length,
    choices: choicesIn(rows),
  };
};

const choicesIn = (rows: readonly EpisodeRow[]): readonly string[] =>
  rows
    .toSorted((one, other) => one.decided_at - other.decided_at || (one.decision_id < other.decision_id ? -1 : 1))
    .map(({ executed_runbook }) => executed_runbook);
