import { chance, logNormal, pick } from "../random.ts";
import { streamOf, type World } from "../state.ts";
import {
  type Deed,
  type Effect,
  effectOn,
  isTold,
  isTreatable,
  isWell,
  presentFaults,
  understands,
} from "./knowledge.ts";
import { type Person, personNamed } from "./person.ts";
import { fatigueOf, isNight, slowness } from "./rota.ts";

/** A plan that somebody is asked about. `tier` 0..3 as its card shows it; `decisionId` names the question. */
export type Question = Deed & Readonly<{ decisionId: string; tier: number }>;

export const OBJECTIONS = ["wrong-action", "too-risky", "already-recovered", "prefer-other"] as const;
export type Objection = (typeof OBJECTIONS)[number];

/** What somebody answers and how long they take, in seconds; `reason` is null on an approval. */
export type Opinion = Readonly<
  ({ answer: "approve"; reason: null } | { answer: "reject"; reason: Objection }) & { afterSeconds: number }
>;

const OVERLOOKS_RECOVERY = 0.1; // the card is older than the recovery, and one in ten looks at nothing else
/** What somebody takes a plan to do whose cause they do not understand: drafts are right more often than not. */
const GUESSES: readonly Effect[] = ["heals", "heals", "heals", "eases", "nothing", "nothing", "harms"];
const RISK_AVERSION = 0.25; // of the cautious (0.5), three in eight turn down what takes a whole service away (tier 3)
const INDULGENCE = 0.3; // what would do nothing is let pass so often by somebody without caution

/**
 * What somebody says to a plan as the world stands now: the truth of it, as far as they understand what is wrong or were
 * told, blurred by fatigue and caution. The same person, question and world give the same opinion.
 */
export const opinionOf = (world: World, personId: string, question: Question): Opinion => {
  const person = personNamed(world.scenario.seed, personId);
  const afterSeconds = answersAfterSeconds(world, person, question.decisionId, world.nowMs);
  const reason = objectionOf(world, person, question);
  return reason === null ? { answer: "approve", reason, afterSeconds } : { answer: "reject", reason, afterSeconds };
};

const objectionOf = (world: World, person: Person, question: Question): Objection | null => {
  const stream = (fact: string): string => streamOf(world, person.id, `${question.decisionId}|${fact}`);
  if (isWell(world) && !chance(stream("overlooks"), 0, OVERLOOKS_RECOVERY)) return "already-recovered";
  const faults = presentFaults(world);
  const understood = faults.filter((one) => understands(world, person, one, 1));
  // Where the cause has gone and something still rings, the faults have nothing to say of it, and everybody guesses.
  const seesTruth = faults.length > 0 && (isTold(world.scenario) || understood.length === faults.length);
  const believed = seesTruth ? effectOn(faults, question) : pick(stream("guess"), 0, GUESSES);
  if (believed === "harms") return question.tier >= 2 ? "too-risky" : "wrong-action";
  if (believed === "nothing" && !chance(stream("indulges"), 0, INDULGENCE * (1 - person.caution)))
    return understood.length > 0 && isTreatable(understood) ? "prefer-other" : "wrong-action";
  return chance(stream("fears"), 0, RISK_AVERSION * person.caution * question.tier) ? "too-risky" : null;
};

const ANSWER_MEDIAN_SECONDS = 4 * 60; // as the scripted person
const ANSWER_SIGMA = 0.7;
const NIGHT_FACTOR = 2.5; // somebody has to wake and find a screen
const MISSES_BY_DAY = 0.05;
const MISSES_AT_NIGHT = 0.2;
const MISSED_SECONDS = 60 * 60; // seen in the morning, at the next glance: after the deadline of any plan by default

/**
 * Seconds between a card at `askedAtMs` and somebody's answer: log-normal, longer at night and for the tired. Now and then
 * they miss the card, and their answer comes after an hour at the earliest.
 */
export const answersAfterSeconds = (
  world: Pick<World, "scenario" | "pages" | "streams">,
  person: Person,
  decisionId: string,
  askedAtMs: number,
): number => {
  const stream = (fact: string): string => streamOf(world, person.id, `${decisionId}|${fact}`);
  const isAsleep = isNight(person, askedAtMs);
  const median = ANSWER_MEDIAN_SECONDS * (isAsleep ? NIGHT_FACTOR : 1) * slowness(fatigueOf(world, person, askedAtMs));
  const isMissed = chance(stream("misses"), 0, isAsleep ? MISSES_AT_NIGHT : MISSES_BY_DAY);
  return Math.round((isMissed ? MISSED_SECONDS : 0) + logNormal(stream("answers"), 0, median, ANSWER_SIGMA));
};
