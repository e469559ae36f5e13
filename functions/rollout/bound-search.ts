import { type AutomationDocument, undoParameters } from "../core/automation-document.ts";
import type { Params, Runbook } from "../core/runbook.ts";
import { leftAlone } from "../world/forked-truth.ts";
import { isWell } from "../world/people/knowledge.ts";
import { page } from "../world/people.ts";
import { runOf, startAutomation } from "../world/runs.ts";
import { MINUTE_MS, type World } from "../world/state.ts";
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
  /** What candidates will name in a world after a wait: evidence grows. */
  namedIn: (world: World) => Promise<readonly Option[]>;
}>;

type Search = Manner & Readonly<{ options: readonly Option[]; fromMs: number }>;

/** After a first thing that did not help one more is tried: two causes at once take two. A third would multiply the forks. */
const DECISIONS = 2;
/** A document that runs longer than this is stopped in production as well, or soon after. */
const LONGEST_RUN_MS = 60 * MINUTE_MS;

/**
 * What each option costs in truth, in hours of severity-1 impact: the price of what is done, and the impact until all is
 * well or for eight hours. A fork of the world takes the option, and then the best of a second step where it did not help.
 * What turns out dearer than the cheapest is not played to its end: its cost is then one that it surely reaches.
 */
export const costs = async (world: World, options: readonly Option[], manner: Manner): Promise<readonly number[]> => {
  const search: Search = { ...manner, options, fromMs: world.nowMs };
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
  const paid = spent + option.hours;
  if (paid >= most) return paid;
  const forked = fork(world);
  const isOver = take(search, forked, option);
  if (isOver || further === 0) return costAlone(search, forked, paid, most);
  const isLater = option.runbook.kind === "wait";
  const options = isLater ? withNews(search.options, await search.namedIn(forked)) : search.options;
  return cheapest({ ...search, options }, forked, paid, further - 1, most);
};

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

const costAlone = ({ fromMs }: Search, world: World, spent: number, most: number): number =>
  spent + leftAlone(world, fromMs, (most - spent) * 60).impactMinutes / 60;

/** Lets it happen up to the next decision; true where there is none, because all is well or people have it. */
const take = (search: Search, world: World, option: Option): boolean => {
  const { kind } = option.runbook;
  if (kind === "page") page(world, "bound");
  else if (kind === "wait") advance(world, world.nowMs + search.waitMs);
  else carryOut(search, world, option);
  return kind === "page" || isWell(world);
};

const carryOut = (search: Search, world: World, { runbook, params, consentMs }: Option): void => {
  advance(world, world.nowMs + consentMs);
  const run = runToEnd(search, world, runbook.documents?.automation ?? null, params);
  if (run === null) return;
  if (run.status === "succeeded") advanceUntil(world, search.verifyMs, isWell);
  // As Quell does: what did not end the incident is taken back.
  if (isWell(world) || runbook.reversal !== "inverse") return;
  const undo = runbook.documents?.undo ?? null;
  runToEnd(search, world, undo, undo === null ? null : undoParameters(undo, run.outputs));
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
