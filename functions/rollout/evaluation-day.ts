import type { People } from "../adapters/simulated/approvals.ts";
import type { Chosen } from "../core/choose.ts";
import type { EpisodeRow } from "../core/episode.ts";
import type { Scorer } from "../core/ports.ts";
import type { Catalogue } from "../core/runbook.ts";
import type { Limits } from "../core/stages.ts";
import type { PastRun } from "../core/track-record.ts";
import { faultNamed } from "../world/faults/all-faults.ts";
import type { World } from "../world/state.ts";
import { type Day, playDay } from "./days/day.ts";
import { type DrawnDay, HELD_OUT_FAMILIES } from "./days/days.ts";
import { type Costs, costsOf, finishedDay } from "./days/finished-day.ts";
import { discountedCost } from "./days/measure.ts";
import { type AskModels, chooserOf, type JudgedPolicy, mannerFor, pricesOf } from "./evaluation-policies.ts";
import { recordBefore } from "./evaluation-record.ts";
import { type Expectation, expectationsOf } from "./expected.ts";
import { type Manner, playTogether } from "./tree.ts";

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
  /** Actions of which the row says harm: an undo, something that got worse, or an end that nobody knows. */
  observedHarmful: number;
  /** Actions that spared no impact against leaving the world alone. */
  withoutUplift: number;
  pages: number;
  /** Plans that people were asked about, and those of them that nobody consented to. */
  asks: number;
  refusedByPeople: number;
  /** Decisions that fell to a page because the policy had no finite score for something that was allowed. */
  abstained: number;
  /** Candidates that its limit of harm kept out, and decisions that fell to a page because one of them ranked higher. */
  excluded: number;
  tooHarmful: number;
  /** How often each of its limits asked for a person, by the reason's code; whether one was asked is the policy's manner. */
  doubts: Readonly<Record<string, number>>;
  incidents: number;
  /** Runbooks that were executed, `wait` and `page` among them, in the order of the decisions. */
  choices: readonly string[];
  /** What the model of `outlook` expected of the actions; left out where nobody asked it. */
  expected?: readonly Expectation[];
}>;

/** What learnt models are judged with: their limits by name, and the one whose expectations are written down. */
export type Knowing = Readonly<{ limits: ReadonlyMap<string, Limits>; outlook: Scorer | null }>;
const KNOWS_NOTHING: Knowing = { limits: new Map(), outlook: null };

/** Where a day stands among all, and what it is played with. */
type DayToJudge = Readonly<{
  world: number;
  day: number;
  drawn: DrawnDay;
  /** Who answers cards; left out, somebody who says yes. */
  people?: (world: World) => People;
  /** What is known to have run before it, as a log's first days have it. */
  past: readonly PastRun[];
}>;

/** A day under every policy, in the order of the policies, and how often it had to be played for it. */
type JudgedDays = Readonly<{ days: readonly JudgedDay[]; plays: number }>;

/** Judges one day under all of these policies; those that choose alike share a play. */
export const judgeDay = async (
  { world, day, drawn, past, ...answering }: DayToJudge,
  policies: readonly JudgedPolicy[],
  ask: AskModels,
  knowing: Knowing = KNOWS_NOTHING,
): Promise<JudgedDays> => {
  const { scenario, catalogue } = drawn;
  const stream = `${scenario.seed}/${scenario.index}`;
  const trackRecord = recordBefore(past, scenario.startMs);
  const found = foundIn(drawn);
  const days = new Map<string, JudgedDay>();
  const heard = new Map(policies.map((policy) => [policy.name, hearing(mannerFor(policy, stream, knowing.limits))]));
  let plays = 0;
  // Whoever brings a drafter has other candidates to choose from, and so another day.
  for (const [drafter, group] of Map.groupBy(policies, draftedBy)) {
    const own = drafter === null ? {} : { drafter };
    const paths = await playTogether(
      (policy) => playDay({ ...drawn, ...answering, trackRecord, judge: true, ...own, policy }),
      catalogue,
      group.map(({ name }) => name),
      pricesOf(group, catalogue, ask, stream),
      (name) => heard.get(name)?.manner ?? {},
    );
    plays += paths.length;
    for (const { end, policies } of paths) {
      const came = await cameOf(end, catalogue, knowing.outlook);
      for (const policy of policies)
        days.set(policy, { world, day, ...found, policy, ...came(heard.get(policy)?.soFar() ?? UNHEARD) });
    }
  }
  return { days: policies.flatMap(({ name }) => days.get(name) ?? []), plays };
};

/** What a policy's choices said of themselves. */
type Heard = Pick<JudgedDay, "abstained" | "excluded" | "tooHarmful" | "doubts">;
const UNHEARD: Heard = { abstained: 0, excluded: 0, tooHarmful: 0, doubts: {} };

/** The same manner, which counts what is heard of it. */
const hearing = (manner: Manner): Readonly<{ manner: Manner; soFar: () => Heard }> => {
  let heard = UNHEARD;
  const hears = (chosen: Chosen): void => {
    heard = heardAlso(heard, chosen);
  };
  return { manner: { ...manner, hears }, soFar: () => heard };
};

/** What is no lack of a number: there was one, and it said to call a person. */
const NO_LACK: readonly string[] = ["all-refused", "harm-too-likely"];

const heardAlso = ({ abstained, excluded, tooHarmful, doubts }: Heard, { weighed, result }: Chosen): Heard => {
  const why = result.kind === "abstained" ? result.because.code : null;
  const doubt = result.kind === "chosen" ? (result.asks?.code ?? null) : null;
  return {
    abstained: abstained + (why === null || NO_LACK.includes(why) ? 0 : 1),
    excluded: excluded + weighed.filter((one) => one.excluded !== null).length,
    tooHarmful: tooHarmful + (why === "harm-too-likely" ? 1 : 0),
    doubts: doubt === null ? doubts : { ...doubts, [doubt]: (doubts[doubt] ?? 0) + 1 },
  };
};

const draftedBy = (policy: JudgedPolicy) => {
  const chooser = chooserOf(policy);
  return chooser.kind === "seer" ? chooser.drafter : null;
};

const foundIn = ({ scenario: { fault, faults } }: DrawnDay) => {
  const family = familyOf(fault);
  const families = [...new Set(faults.map((one) => familyOf(one.fault)))];
  return { family, families, fault, heldOut: HELD_OUT_FAMILIES.some((one) => one === family) };
};

const familyOf = (fault: string): string => faultNamed(fault)?.family ?? "none";

/** What came of a day, once for all who share it. */
const cameOf = async (day: Day, catalogue: Catalogue, outlook: Scorer | null) => {
  const { incidents, judged, impactMinutes, minutesToRecover, actions, pages, questions } = day;
  const rows = finishedDay(day);
  const expected = outlook === null ? {} : { expected: await expectationsOf(rows, judged, catalogue, outlook) };
  const ran = new Set(judged.map(({ decisionId }) => decisionId));
  return ({ abstained, excluded, tooHarmful, doubts }: Heard) => ({
    hours: discountedCost(rows),
    costs: costsOf(rows),
    impactMinutes,
    minutesToRecover,
    actions,
    harmful: judged.filter(({ isHarmful }) => isHarmful).length,
    observedHarmful: rows.filter(({ decision_id, harm }) => ran.has(decision_id) && harm !== "none").length,
    withoutUplift: judged.filter(({ uplift }) => uplift <= 0).length,
    pages,
    asks: questions,
    refusedByPeople: rows.filter(({ human_response }) => REFUSALS.includes(human_response)).length,
    ...{ abstained, excluded, tooHarmful, doubts },
    incidents: incidents.length,
    choices: choicesIn(rows),
    ...expected,
  });
};

const REFUSALS: readonly EpisodeRow["human_response"][] = ["rejected", "expired"];

const choicesIn = (rows: readonly EpisodeRow[]): readonly string[] =>
  rows
    .toSorted((one, other) => one.decided_at - other.decided_at || (one.decision_id < other.decision_id ? -1 : 1))
    .map(({ executed_runbook }) => executed_runbook);
