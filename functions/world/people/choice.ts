import { chance, uniform } from "../random.ts";
import { streamOf, type World } from "../state.ts";
import {
  type Deed,
  type Effect,
  effectOn,
  isTold,
  lastHelped,
  type Present,
  presentFaults,
  understands,
} from "./knowledge.ts";
import { type Person, personNamed } from "./person.ts";
import { fatigueOf, slipChance } from "./rota.ts";

/** Something that a person may choose in a logged incident: a runbook on a target, to wait, or to call somebody. */
export type Option = Deed & Readonly<{ isWait: boolean; isPage: boolean }>;

/** What passes by itself within so many minutes is waited for by whoever knows that it will. */
const WORTH_WAITING_MINUTES = 30;

/**
 * The index of what somebody chooses among at least one candidate, as the world stands now. Whoever understands what is
 * wrong, or was told (the hidden fact of `isTold`), takes what helps against it, unless they slip; everybody else repeats
 * what helped last time, follows their liking for runbooks and targets near the ringing alarms, waits or calls somebody.
 * No log has the hidden fact, so no probability of this choice can be logged either: it is null in an episode's row.
 * @param decisionId names the decision: the same person may choose otherwise at the next one
 */
export const chooseLikeAPerson = (
  world: World,
  personId: string,
  decisionId: string,
  candidates: readonly Option[],
): number => {
  if (candidates.length === 0) throw new RangeError(`${decisionId}: nobody can choose among no candidates`);
  const person = personNamed(world.scenario.seed, personId);
  const faults = presentFaults(world);
  const looks = 1 + world.runs.length;
  const understood = faults.filter((one) => understands(world, person, one, looks));
  const best = understood.length > 0 ? bestAgainst(understood, candidates) : null;
  if (best !== null) return slippedTo(world, person, decisionId, candidates, best);
  return guessed(world, person, decisionId, candidates);
};

const HELPS: readonly Effect[] = ["heals", "eases"];

/** What heals, else what eases; waiting where it passes soon, or calling somebody. Null where none of them is a candidate. */
const bestAgainst = (faults: readonly Present[], candidates: readonly Option[]): number | null => {
  const first = (isIt: (option: Option) => boolean): number | null => {
    const index = candidates.findIndex(isIt);
    return index < 0 ? null : index;
  };
  const [heals, eases] = HELPS.map((effect) => first((option) => effectOn(faults, option) === effect));
  const passesSoon = faults.every(({ fault, active }) => {
    const course = fault.course(active.parameters);
    return course.kind === "heals" && course.afterMinutes <= WORTH_WAITING_MINUTES;
  });
  const otherwise = first(passesSoon ? ({ isWait }) => isWait : ({ isPage }) => isPage);
  return heals ?? eases ?? otherwise;
};

/** The same runbook on another target, now and then, where there is one: never by whoever was told. */
const slippedTo = (
  world: World,
  person: Person,
  decisionId: string,
  candidates: readonly Option[],
  best: number,
): number => {
  const meant = candidates[best];
  const other = candidates.findIndex(({ runbook, target }) => runbook === meant?.runbook && target !== meant.target);
  if (other < 0 || isTold(world.scenario)) return best;
  return chance(streamOf(world, person.id, `${decisionId}|slips`), 0, slipChance(world, person)) ? other : best;
};

const REPEATS = 8; // what helped last time weighs as much as eight things that did not
const NEARBY = 3; // people start with the service whose alarm rings
const PAGE_WEIGHT = 1.5;
const WAIT_WEIGHT = 1;

/** A draw by weights: likings, nearness and, for whoever copies, memory; the tired and the cautious call or wait more. */
const guessed = (world: World, person: Person, decisionId: string, candidates: readonly Option[]): number => {
  const stream = (fact: string): string => streamOf(world, person.id, `${decisionId}|${fact}`);
  const isCopying = chance(stream("copies"), 0, person.copies);
  const helped = isCopying ? (lastHelped(world.scenario)?.runbooks ?? []) : [];
  const ringing = new Set(world.alarms.flatMap(({ state, service }) => (state === "ALARM" ? [service] : [])));
  const unease = 1 - person.skill + fatigueOf(world, person, world.nowMs);
  const weights = candidates.map(({ runbook, target, isWait, isPage }) => {
    if (isPage) return PAGE_WEIGHT * unease;
    if (isWait) return WAIT_WEIGHT * (0.5 + person.caution);
    const liking = 0.1 + uniform(`${world.scenario.seed}|people|${person.id}|likes-${runbook}`, 0);
    const isNear = target !== null && ringing.has(world.resources[target]?.service ?? "");
    return liking * (isNear ? NEARBY : 1) * (helped.includes(runbook) ? REPEATS : 1);
  });
  let rest = uniform(stream("guess"), 0) * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  return Math.max(0, index);
};
