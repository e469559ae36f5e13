import { pick } from "../random.ts";
import type { Scenario } from "../scenario.ts";
import type { World } from "../state.ts";
import { type Person, personNamed, ROSTER } from "./person.ts";

/** What of a scenario says who is on call. */
type Day = Pick<Scenario, "seed" | "index" | "oncall">;

/** Who has the pager on a scenario's day: drawn from all who take turns, or from everybody of the grade that it wishes for. */
export const onCallOf = (day: Day): Person => personNamed(day.seed, onCallId(day));

const onCallId = ({ seed, index, oncall }: Day): string => {
  const able = ROSTER.filter(({ grade, group }) => (oncall === null ? group === "oncall" : grade === oncall));
  return pick(`${seed}/${index}|on-call|who`, 0, able).id;
};

/** The owner whom the person on call would call, who is never that person. */
export const ownerOf = (day: Day): Person => {
  const others = ROSTER.filter(({ id, group }) => group === "owners" && id !== onCallId(day));
  return personNamed(day.seed, pick(`${day.seed}/${day.index}|on-call|owner`, 0, others).id);
};

const HOUR_MS = 60 * 60_000;
const WAKES_HOUR = 7;
const SLEEPS_HOUR = 22;

/** Whether they would be asleep: from 22:00 to 07:00 where they live. */
export const isNight = ({ utcOffsetHours }: Person, atMs: number): boolean => {
  const hour = (((atMs / HOUR_MS + utcOffsetHours) % 24) + 24) % 24;
  return hour < WAKES_HOUR || hour >= SLEEPS_HOUR;
};

const NIGHT_FATIGUE = 0.5; // somebody who was woken is about half as good; an assumption, there is no figure for this work
const PAGE_FATIGUE = 0.1;
const REMEMBERED_DAYS = 3; // longer ago one has slept it off

/**
 * How tired somebody is, 0..1: by the night, by the pages of this incident up to then, and by each of the three days
 * before on which they had the pager as well.
 */
export const fatigueOf = (world: Pick<World, "scenario" | "pages">, person: Person, atMs: number): number => {
  const { seed, index } = world.scenario;
  const days = Array.from({ length: Math.min(REMEMBERED_DAYS, index) }, (_, before) => index - 1 - before);
  const worked = days.filter((day) => onCallId({ seed, index: day, oncall: null }) === person.id).length;
  const pages = world.pages.filter((page) => page.atMs <= atMs).length;
  return Math.min(1, (isNight(person, atMs) ? NIGHT_FATIGUE : 0) + PAGE_FATIGUE * (worked + pages));
};

/** Probability that somebody does the right thing to the wrong resource now: twice as likely for the exhausted. */
export const slipChance = (world: World, person: Person): number =>
  person.slips * (1 + fatigueOf(world, person, world.nowMs));

/** How much longer everything takes them: half as long again for somebody who can hardly stand. */
export const slowness = (fatigue: number): number => 1 + fatigue / 2;
