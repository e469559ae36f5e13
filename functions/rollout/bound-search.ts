import { type AutomationDocument, undoParameters } from "../core/automation-document.ts";
import { BETA_PER_MINUTE, REWARD_WEIGHTS } from "../core/reward.ts";
import type { Params, Runbook } from "../core/runbook.ts";
import { HORIZON_MS, leftAlone } from "../world/forked-truth.ts";
import { isWell } from "../world/people/knowledge.ts";
import { page } from "../world/people.ts";
import { runOf, startAutomation } from "../world/runs.ts";
import { MINUTE_MS, type World } from "../world/state.ts";
import { impactMinutes } from "../world/truth.ts";
import type { WorldRun } from "../world/types.ts";
import { advance, fork } from "../world/world.ts";

/** One thing that may be done at a decision. */
export type Option = Readonly<{
  runbook: Runbook;
  /** Null for what touches nothing. */
  target: string | null;
  params: Params;
  /** Until people have said yes; 0 where nobody is asked. */
  consentMs: number;
  /** Price of doing it, whatever comes of it, in hours of severity-1 impact. */
  hours: number;
}>;

/** How Quell goes about it in every fork. */
export type Manner = Readonly<{
  documents: ReadonlyMap<string, AutomationDocument>;
  waitMs: number;
  /** How long the effect of a run is watched before it is taken back. */
  verifyMs: number;
  /** How long it must be well before an incident is over. */
  soakMs: number;
  /** What candidates will name in a world after a wait: evidence grows. */
  namedIn: (world: World) => Promise<readonly Option[]>;
}>;

type Search = Manner & Readonly<{ options: readonly Option[]; fromMs: number; decisionsLeft: number }>;

/** After a first thing that did not help one more is tried: two causes at once take two. A third would multiply the forks. */
const DECISIONS = 2;
/** A document that runs longer than this is stopped in production as well, or soon after. */
const LONGEST_RUN_MS = 60 * MINUTE_MS;

/**
 * What each option costs, in hours of severity-1 impact, discounted as a decision's row has it: what is done, an hour for a
 * run that did not help, a page where people have to be called in the end, and the true impact until all is well or for
 * eight hours. A fork of the world takes the option, and then the best of a second step where it did not help. Calling
 * people at once is searched first. What turns out dearer than the cheapest is not played to its end: its cost is then one
 * that it surely reaches.
 * @param decisionsLeft that the incident still has, this one included; at the last one people are called
 */
export const costs = async (
  world: World,
  options: readonly Option[],
  decisionsLeft: number,
  manner: Manner,
): Promise<readonly number[]> => {
  const search: Search = { ...manner, options, fromMs: world.nowMs, decisionsLeft };
  const priced = new Map<Option, number>();
  for (const option of soonestKnownFirst(options)) {
    const most = Math.min(...priced.values());
    priced.set(option, await costOf(search, world, option, 0, DECISIONS - 1, most));
  }
  return options.map((option) => priced.get(option) ?? Number.POSITIVE_INFINITY);
};

const RANK: Readonly<Record<Runbook["kind"], number>> = { page: 0, effect: 1, wait: 2 };

/** People help within hours and a wait takes the longest to play: what comes first spares the others their time. */
const soonestKnownFirst = (options: readonly Option[]): readonly Option[] =>
  options.toSorted((one, other) => RANK[one.runbook.kind] - RANK[other.runbook.kind]);

/** @param spent hours paid on the way here; @param further decisions that may follow this one */
const costOf = async (
  search: Search,
  world: World,
  option: Option,
  spent: number,
  further: number,
  most: number,
): Promise<number> => {
  const paid = spent + discounted(search, world, option.hours);
  if (paid >= most) return paid;
  const forked = fork(world);
  const { kind } = option.runbook;
  if (kind === "page") return costOnceCalled(search, forked, paid, most);
  const came = take(search, forked, option);
  if (came === "recovered") return paid + impactHours(search, forked, most - paid);
  const sum = paid + (came === "harm" ? discounted(search, world, REWARD_WEIGHTS.harmHours) : 0);
  const next = { ...search, decisionsLeft: search.decisionsLeft - 1 };
  if (further === 0 || next.decisionsLeft < 2) return costAlone(next, forked, sum, most);
  const options = kind === "wait" ? withNews(search.options, await search.namedIn(forked)) : search.options;
  return cheapest({ ...next, options }, forked, sum, further - 1, most);
};

/** What something costs that is paid now, at the moment that the search started from. */
const discounted = ({ fromMs }: Search, { nowMs }: World, hours: number): number =>
  hours * Math.exp((-BETA_PER_MINUTE * (nowMs - fromMs)) / MINUTE_MS);

/** What is named already stays as it was priced. */
const withNews = (known: readonly Option[], named: readonly Option[]): readonly Option[] => [
  ...known,
  ...named.filter(
    ({ runbook, target }) => !known.some((one) => one.runbook.id === runbook.id && one.target === target),
  ),
];

/** The best that can be made of a world from here, nothing more included. */
const cheapest = async (
  search: Search,
  world: World,
  spent: number,
  further: number,
  most: number,
): Promise<number> => {
  let best = costAlone(search, fork(world), spent, most);
  for (const option of soonestKnownFirst(search.options))
    if (option.runbook.kind !== "wait")
      best = Math.min(best, await costOf(search, world, option, spent, further, Math.min(best, most)));
  return best;
};

/** Nothing more is done; people are called where that does not help either, as after the last decision of an incident. */
const costAlone = (search: Search, world: World, spent: number, most: number): number => {
  if (recovers(search, world, (search.decisionsLeft - 1) * search.waitMs))
    return spent + impactHours(search, world, most - spent);
  return costOnceCalled(search, world, spent + discounted(search, world, REWARD_WEIGHTS.pageHours), most);
};

const costOnceCalled = (search: Search, world: World, spent: number, most: number): number => {
  page(world, "bound");
  return spent + impactHours(search, world, most - spent);
};

/** Impact is summed up in spans of this length, each discounted as its middle is. */
const SPAN_MS = 15 * MINUTE_MS;

/** @param enough the world is played no further once it has surely cost so many hours */
const impactHours = ({ fromMs }: Search, world: World, enough: number): number => {
  // Over the eight hours that are played no minute counts less than half.
  leftAlone(world, fromMs, (enough * 60) / LEAST_WEIGHT);
  let minutes = 0;
  for (let atMs = fromMs; atMs < world.nowMs; atMs += SPAN_MS) {
    const weight = Math.exp((-BETA_PER_MINUTE * (atMs - fromMs + SPAN_MS / 2)) / MINUTE_MS);
    minutes += weight * impactMinutes(world, atMs, Math.min(atMs + SPAN_MS, world.nowMs));
  }
  return minutes / 60;
};

const LEAST_WEIGHT = Math.exp((-BETA_PER_MINUTE * HORIZON_MS) / MINUTE_MS);

/** What a decision comes to: a run that did not end the incident is charged as harm. */
type Came = "recovered" | "not-recovered" | "harm";

const take = (search: Search, world: World, option: Option): Came => {
  if (option.runbook.kind === "effect") return carryOut(search, world, option);
  return recovers(search, world, search.waitMs) ? "recovered" : "not-recovered";
};

const carryOut = (search: Search, world: World, { runbook, params, consentMs }: Option): Came => {
  advance(world, world.nowMs + consentMs);
  const run = runToEnd(search, world, runbook.documents?.automation ?? null, params);
  if (run === null) return "not-recovered";
  if (run.status === "succeeded" && recovers(search, world, search.verifyMs)) return "recovered";
  // As Quell does: what did not end the incident is taken back.
  const undo = runbook.reversal === "inverse" ? (runbook.documents?.undo ?? null) : null;
  runToEnd(search, world, undo, undo === null ? null : undoParameters(undo, run.outputs));
  return "harm";
};

/** Plays on until all has been well for the soak; false where it is not well when the time is over. */
const recovers = ({ soakMs }: Search, world: World, mostMs: number): boolean => {
  const endMs = world.nowMs + mostMs;
  for (;;) {
    advanceUntil(world, Math.max(0, endMs - world.nowMs), isWell);
    if (!isWell(world)) return false;
    advanceUntil(world, soakMs, (soaking) => !isWell(soaking));
    if (isWell(world)) return true;
    if (world.nowMs >= endMs) return false;
  }
};

const runToEnd = (
  { documents }: Search,
  world: World,
  document: AutomationDocument | null,
  parameters: Params | null,
): WorldRun | null => {
  if (document === null || parameters === null) return null;
  const { name: documentName, hash: documentHash } = document;
  const request = { documentName, documentHash, parameters, clientToken: `bound-${world.inputs.length}`, tags: {} };
  const started = startAutomation(world, documents, request);
  if (started.kind === "refused") return null;
  advanceUntil(world, LONGEST_RUN_MS, () => runOf(world, started.executionId)?.status !== "running");
  return runOf(world, started.executionId);
};

/** Moves on minute by minute until it holds, or the time is over. */
const advanceUntil = (world: World, mostMs: number, holds: (world: World) => boolean): void => {
  const endMs = world.nowMs + mostMs;
  while (world.nowMs < endMs && !holds(world)) advance(world, Math.min(world.nowMs + MINUTE_MS, endMs));
};
