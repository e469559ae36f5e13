import { call } from "../aws-api.ts";
import { between, logNormal } from "../random.ts";
import { MINUTE_MS, record, schedule, stir, streamOf, type World } from "../state.ts";
import { isHealthy } from "../truth.ts";
import type { ApiCall } from "../types.ts";
import { isQuiet, type Present, presentFaults, understands } from "./knowledge.ts";
import { type ConsoleMove, guessedMove, slippedMove } from "./moves.ts";
import { type Grade, type Person, personNamed } from "./person.ts";
import { fatigueOf, isNight, ownerOf, slowness } from "./rota.ts";

/** What somebody does next: try something, judge what they tried, or come back to see whether all is still well. */
export type PersonStep = Readonly<{
  kind: "person";
  person: string;
  does: "try" | "judge" | "return";
  /** How many things they have tried since they arrived. */
  tries: number;
  /** When they arrived. */
  sinceMs: number;
}>;

const LOOK_MEDIAN_MINUTES: Readonly<Record<Grade, number>> = { novice: 12, average: 8, expert: 4 };
const LOOK_SIGMA = 0.4; // one look in ten takes two thirds longer
const WATCH_MINUTES = [5, 15] as const;
const RETURN_MS = 30 * MINUTE_MS;
/** Whoever came keeps an eye on it for the rest of a shift. */
const SHIFT_MS = 8 * 60 * MINUTE_MS;
const MOST_TRIES = 2;

const ARRIVAL_SIGMA = 0.6; // one in ten arrives after 54 minutes
const NIGHT_FACTOR = 1.5;
const ARRIVAL_MEDIAN_MINUTES = 22; // by day; with the share of nights it makes a median of 25 over all hours
const LATEST_MINUTES = 120; // by then the pager has gone down its list until somebody came

/** Somebody was called and comes after a log-normal time: later at night, after two hours at the latest. */
export const comes = (world: World, person: Person): void => {
  const median = ARRIVAL_MEDIAN_MINUTES * (isNight(person, world.nowMs) ? NIGHT_FACTOR : 1);
  const stream = streamOf(world, person.id, "arrival");
  const minutes = Math.min(LATEST_MINUTES, logNormal(stream, world.pages.length, median, ARRIVAL_SIGMA));
  world.personComesAtMs = world.nowMs + Math.round(minutes * MINUTE_MS);
  schedule(world, world.personComesAtMs, { kind: "person-arrives", person: person.id });
};

/** Somebody is here and begins to look. Whoever kept an eye on things need not come back. */
export const beginShift = (world: World, person: Person): void => {
  world.agenda = world.agenda.filter(({ what }) => what.kind !== "person" || what.does !== "return");
  const minutes = logNormal(
    streamOf(world, person.id, "looks"),
    world.pages.length,
    LOOK_MEDIAN_MINUTES[person.grade],
    LOOK_SIGMA,
  );
  const tiredMinutes = minutes * slowness(fatigueOf(world, person, world.nowMs));
  next(
    world,
    { kind: "person", person: person.id, does: "try", tries: 0, sinceMs: world.nowMs },
    tiredMinutes * MINUTE_MS,
  );
};

/** Whether somebody is at work on it, rather than at rest or on the way. */
export const isAtWork = (world: World): boolean =>
  world.agenda.some(({ what }) => what.kind === "person" && what.does !== "return");

/** Takes somebody's work one step further: the agenda calls this. */
export const continueShift = (world: World, step: PersonStep): void => {
  const person = personNamed(world.scenario.seed, step.person);
  if (isDone(world, person, step)) rest(world, step);
  else if (step.does !== "try" && hasEnough(world, person, step)) escalate(world, step);
  else {
    attempt(world, person, step.tries);
    const minutes = between(streamOf(world, person.id, "watches"), step.tries, ...WATCH_MINUTES);
    next(world, { ...step, does: "judge", tries: step.tries + 1 }, minutes * MINUTE_MS);
  }
};

const next = (world: World, step: PersonStep, inMs: number): void =>
  schedule(world, world.nowMs + Math.round(inMs), step);

const rest = (world: World, step: PersonStep): void => {
  if (step.does !== "return") record(world, "person-rests", { person: step.person });
  if (world.nowMs + RETURN_MS < step.sinceMs + SHIFT_MS) next(world, { ...step, does: "return" }, RETURN_MS);
};

/**
 * Most go by users and alarms, and who comes back by users alone. An expert who has just come sees a cause before it hurts,
 * and knows what may ring on after it has gone: letters that nobody has collected yet.
 */
const isDone = (world: World, { grade }: Person, { does }: PersonStep): boolean => {
  if (!isHealthy(world)) return false;
  if (grade !== "expert") return isQuiet(world) || does === "return";
  return presentFaults(world).length === 0 || (isQuiet(world) && does !== "try");
};

/** After two tries, or when their patience ends, so that what comes back soon is an owner's; experts have nobody to call. */
const hasEnough = (world: World, { grade, patienceMinutes }: Person, { tries, sinceMs }: PersonStep): boolean =>
  grade !== "expert" && (tries >= MOST_TRIES || world.nowMs - sinceMs >= patienceMinutes * MINUTE_MS);

/** They leave it to an owner, who comes as fast as anybody does. */
const escalate = (world: World, { person }: PersonStep): void => {
  const owner = ownerOf(world.scenario);
  record(world, "person-escalates", { person, to: owner.id });
  comes(world, owner);
};

/** What they understand they heal, unless they slip; what they do not they guess at, or they only watch. */
const attempt = (world: World, person: Person, tries: number): void => {
  const act = (apiCall: ApiCall): void => {
    call(world, { executionId: null, person: person.id }, apiCall);
  };
  const understood = presentFaults(world).filter((one) => understands(world, person, one, tries + 1));
  const [first] = understood;
  const move = first === undefined ? guess(world, person, tries) : slippedMove(world, person, first, tries);
  record(world, "person-tries", { person: person.id, does: move?.does ?? (first === undefined ? "watch" : "heal") });
  if (move !== null) act(move.call);
  else for (const one of understood) heal(world, one, act);
};

/** An expert who finds no cause knows that it has gone, and that what is left passes. */
const guess = (world: World, person: Person, tries: number): ConsoleMove | null =>
  person.grade === "expert" ? null : guessedMove(world, person, tries);

const heal = (world: World, { fault, active }: Present, act: (apiCall: ApiCall) => void): void => {
  fault.heal(world, active, act);
  stir(world); // a repair that no API shows changes what is served all the same
};
