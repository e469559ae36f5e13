import type { AutomationDocument } from "../core/automation-document.ts";
import { isQuiet, isWell, presentFaults } from "./people/knowledge.ts";
import { applyInput } from "./replay.ts";
import { MINUTE_MS, type World } from "./state.ts";
import { impactMinutes, isHealthy } from "./truth.ts";
import type { WorldInput } from "./types.ts";
import { advance, fork } from "./world.ts";

/** An action is judged by the impact of this long after it. */
export const JUDGED_MS = 30 * MINUTE_MS;
const HARMFUL_IMPACT_MINUTES = 1;
/** No world is followed longer: an alarm is watched for eight hours after a hand-over, and no impact after that is charged. */
export const HORIZON_MS = 8 * 60 * MINUTE_MS;
/** A world in which nothing is left to come back is followed this long, in case it does. */
const CALM_MS = 30 * MINUTE_MS;
const GLANCE_MS = 5 * MINUTE_MS; // how often a course looks whether it is over; what it adds up does not depend on it

/** What comes of a world to which nothing more is done from outside. */
export type Course = Readonly<{
  /** Impact-minutes of the first half hour. */
  impactSoon: number;
  /** Impact-minutes until everything was well for good, or until the horizon. */
  impactMinutes: number;
  /** Users are served and every alarm is OK at its end. */
  recovers: boolean;
  /** The same half an hour after its beginning; false where it was cut before. */
  wellSoon: boolean;
  /** It was not followed to its end: it had cost as much as anybody wanted to know. */
  isCut: boolean;
}>;

/**
 * Plays a world on until it rests, at most until eight hours after `fromMs`, from which on its impact counts. People in it
 * go on as they would. @param enough it is followed no further once its impact-minutes have passed this
 */
export const leftAlone = (world: World, fromMs: number, enough = Number.POSITIVE_INFINITY): Course => {
  const endMs = fromMs + HORIZON_MS;
  let calmSinceMs: number | null = null;
  const isOver = (): boolean => {
    if (!isAtRest(world)) calmSinceMs = null;
    else calmSinceMs ??= world.nowMs;
    return world.nowMs >= endMs || (calmSinceMs !== null && world.nowMs - calmSinceMs >= CALM_MS);
  };
  let isCut = false;
  let wellSoon = false;
  const soonMs = fromMs + JUDGED_MS;
  for (let atMs = world.nowMs; !isOver() && !isCut; atMs = world.nowMs) {
    const stopMs = atMs < soonMs ? soonMs : endMs;
    advance(world, Math.max(atMs, Math.min(atMs + GLANCE_MS, stopMs)));
    if (world.nowMs === soonMs) wellSoon = isWell(world);
    isCut = impactMinutes(world, fromMs, world.nowMs) > enough;
  }
  return {
    impactSoon: impactMinutes(world, fromMs, Math.min(world.nowMs, fromMs + JUDGED_MS)),
    impactMinutes: impactMinutes(world, fromMs, world.nowMs),
    recovers: isWell(world),
    wellSoon,
    isCut,
  };
};

/**
 * Users are served, nothing is wrong, nothing is still to go wrong, and neither a run nor a person changes anything. An
 * alarm may ring on for ever, for messages that nobody fetches; people leave a world alone only once it is quiet.
 */
const isAtRest = (world: World): boolean =>
  isHealthy(world) &&
  presentFaults(world).length === 0 &&
  world.faults.every(({ startedAtMs }) => startedAtMs !== null) &&
  world.runs.every(({ run }) => run.status !== "running") &&
  (isQuiet(world) || !isAttended(world));

/** Somebody who was called is there or on the way. */
const isAttended = ({ agenda }: World): boolean =>
  agenda.some(({ what }) => what.kind === "person" || (what.kind === "person-arrives" && what.person !== null));

/** What one action did, against a world in which it alone was left out. */
export type Truth = Readonly<{
  /** Impact-minutes that it added within half an hour; negative where it spared them. */
  harm: number;
  /** More than one impact-minute of harm. */
  isHarmful: boolean;
  /** Impact-minutes that it spared until recovery, at most for eight hours; negative where it cost them. */
  uplift: number;
  /** Whether users and alarms are well in the end. */
  recovers: Readonly<{ withIt: boolean; without: boolean }>;
  /** Whether they are half an hour after it. */
  wellSoon: Readonly<{ withIt: boolean; without: boolean }>;
}>;

/** What comes of a world in which nothing is done at `atMs` or later; the world itself stays as it is. */
export const courseWithout = (world: World, atMs: number): Course => {
  const without = fork(world);
  advance(without, atMs);
  return leftAlone(without, atMs);
};

/**
 * The truth of one action, in a world at its time or before it: the world is forked, once takes the action and once does
 * nothing, and both play on by the same draws with nothing else from outside. The world itself stays as it is.
 * @param without the course that does nothing, where it is known from another action of the same time
 */
export const truthOf = (
  world: World,
  documents: ReadonlyMap<string, AutomationDocument>,
  action: WorldInput,
  without: Course = courseWithout(world, action.atMs),
): Truth => {
  const acted = fork(world);
  applyInput(acted, documents, action);
  const withIt = leftAlone(acted, action.atMs);
  const harm = withIt.impactSoon - without.impactSoon;
  return {
    harm,
    isHarmful: isHarmful(harm),
    uplift: without.impactMinutes - withIt.impactMinutes,
    recovers: { withIt: withIt.recovers, without: without.recovers },
    wellSoon: { withIt: withIt.wellSoon, without: without.wellSoon },
  };
};

/** Impact-minutes of the half hour from `fromMs` in one world beyond those in the other; both are played to its end. */
export const addedImpact = (withIt: World, without: World, fromMs: number): number =>
  impactSoon(withIt, fromMs) - impactSoon(without, fromMs);

/** Whether so much added impact counts as harm. */
export const isHarmful = (added: number): boolean => added > HARMFUL_IMPACT_MINUTES;

const impactSoon = (world: World, fromMs: number): number => {
  advance(world, fromMs + JUDGED_MS);
  return impactMinutes(world, fromMs, fromMs + JUDGED_MS);
};
