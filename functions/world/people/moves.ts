import type { Family, Fault } from "../faults/fault.ts";
import { chance, pick, uniform } from "../random.ts";
import { behaviourOf } from "../resources/resource-types.ts";
import { type ActiveFault, streamOf, type World } from "../state.ts";
import { seenFlow } from "../truth.ts";
import type { ApiCall } from "../types.ts";
import { isTold, lastHelped, type Present } from "./knowledge.ts";
import type { Move, Person } from "./person.ts";
import { slipChance } from "./rota.ts";

/** A move at the console, on one resource. */
export type ConsoleMove = Readonly<{ does: Move; arn: string; call: ApiCall }>;

/** What one usually does about a family of faults; null where the usual thing is to wait. */
const USUAL_CURE: Readonly<Record<Family, Move | null>> = {
  "code-bug": "roll-back",
  deployment: "roll-back",
  config: "roll-back",
  auth: "roll-back",
  capacity: "enlarge",
  infrastructure: "restart",
  database: "restart",
  cache: "restart",
  messaging: "restart",
  network: "restart",
  dependency: null,
  transient: null,
};

/**
 * What somebody does who does not know what is wrong: what helped last time, or what they like to do, on the resource
 * that they suspect. Null where nothing comes to mind.
 * @param look how often they have looked before: each look may lead elsewhere
 */
export const guessedMove = (world: World, person: Person, look: number): ConsoleMove | null => {
  const suspect = suspectOf(world, person, look);
  const arn = suspect === null ? null : slipped(world, person, suspect, look);
  if (arn === null) return null;
  const last = lastHelped(world.scenario);
  const isCopying = last !== null && chance(streamOf(world, person.id, "copies"), look, person.copies);
  return isCopying ? usualCure(world, last.family, arn) : likedMove(world, person, arn, look);
};

/**
 * The right idea on the wrong resource: what is usual against a fault that they understand, on a neighbour of where it is.
 * Null, mostly, where they do not slip or no neighbour can be treated like that. Whoever was told was told the place too.
 */
export const slippedMove = (
  world: World,
  person: Person,
  { fault, active }: Present,
  look: number,
): ConsoleMove | null => {
  const place = isTold(world.scenario) ? null : placeOf(world, fault, active);
  const arn = place === null ? null : slipped(world, person, place, look);
  return arn === null || arn === place ? null : usualCure(world, fault.family, arn);
};

const usualCure = (world: World, family: Family, arn: string): ConsoleMove | null =>
  movesOn(world, arn).find(({ does }) => does === USUAL_CURE[family]) ?? null;

const likedMove = (world: World, { id, habits }: Person, arn: string, look: number): ConsoleMove | null => {
  const moves = movesOn(world, arn);
  const weights = moves.map(({ does }) => habits.get(does) ?? 0);
  let rest = uniform(streamOf(world, id, "likes"), look) * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, move] of moves.entries()) {
    rest -= weights[index] ?? 0;
    if (rest < 0) return move;
  }
  return null;
};

const movesOn = (world: World, arn: string): readonly ConsoleMove[] => {
  const state = world.resources[arn];
  if (state === undefined) return [];
  return behaviourOf(state).habits.flatMap(({ does, call }) => {
    const made = call(world, state);
    return made === null ? [] : [{ does, arn, call: made }];
  });
};

/** Where a fault is to be treated: where its first remedy is, or at the first resource that it names. */
const placeOf = (world: World, fault: Fault, { parameters }: ActiveFault): string | null => {
  const at = fault.remedies(parameters)[0]?.at;
  const named = [...(at === undefined ? [] : [parameters[at]]), ...Object.values(parameters)];
  return named.find((value) => typeof value === "string" && world.resources[value] !== undefined)?.toString() ?? null;
};

/** The resource, or now and then a neighbour of it that one can do something to. */
const slipped = (world: World, person: Person, arn: string, look: number): string => {
  if (!chance(streamOf(world, person.id, "slips"), look, slipChance(world, person))) return arn;
  const neighbours = neighboursOf(world, arn).filter((one) => movesOn(world, one).length > 0);
  return neighbours.length === 0 ? arn : pick(streamOf(world, person.id, "slips-to"), look, neighbours);
};

/** Whoever calls a resource, whom it calls and what it rests on. */
const neighboursOf = ({ system, resources }: World, arn: string): readonly string[] => {
  const called = system.edges.filter(({ from }) => from === arn).map(({ to }) => to);
  const callers = system.edges.filter(({ to }) => to === arn).map(({ from }) => from);
  return [...new Set([...called, ...callers, ...(resources[arn]?.uses ?? [])])];
};

/**
 * The resource that somebody suspects, among those that one can do something to: who reads dashboards well goes where
 * the errors begin, others stay with the service whose alarm rings. Null where there is none.
 */
const suspectOf = (world: World, { id, skill }: Person, look: number): string | null => {
  const isTreatable = (arn: string): boolean => movesOn(world, arn).length > 0;
  const worst = chance(streamOf(world, id, "looks-deep"), look, skill) ? worstOf(world) : null;
  if (worst !== null && isTreatable(worst)) return worst;
  const ringing = new Set(world.alarms.filter(({ state }) => state === "ALARM").map(({ service }) => service));
  const near = worst === null ? [] : neighboursOf(world, worst);
  const arns = near.some(isTreatable)
    ? near
    : Object.values(world.resources).flatMap(({ arn, service }) => (ringing.has(service) ? [arn] : []));
  const treatable = arns.filter(isTreatable);
  return treatable.length === 0 ? null : pick(streamOf(world, id, "suspects"), look, treatable);
};

/** The resource that adds most errors of its own to those of what it calls; null where nobody errs more than one in a hundred. */
const worstOf = (world: World): string | null => {
  const { served } = seenFlow(world);
  let worst: string | null = null;
  let most = 0.01;
  for (const [index, arn] of world.system.order.entries()) {
    const one = served[index];
    if (one === undefined || one.demand <= 0) continue;
    const called = (world.system.calls[index] ?? []).map(({ to }) => served[to]?.errorRate ?? 0);
    const own = one.errorRate - Math.max(0, ...called);
    if (own <= most) continue;
    worst = arn;
    most = own;
  }
  return worst;
};
