import { protocol } from "../../../policies/qnet/protocol.ts";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { sha256 } from "../../core/ids.ts";
import type { Drafter } from "../../core/ports.ts";
import type { Catalogue } from "../../core/runbook.ts";
import { FAMILIES, type Family } from "../../world/faults/fault.ts";
import type { Confounding } from "../../world/people/knowledge.ts";
import { GRADES, type Grade } from "../../world/people/person.ts";
import { between, pick, uniform, wholeBetween } from "../../world/random.ts";
import { type Scenario, scenarioAt, type Without } from "../../world/scenario.ts";
import type { World } from "../../world/state.ts";
import { catalogueKnown, mistakenOf } from "./knowledge.ts";
import { type DraftingModel, simulatedDrafter } from "./simulated-drafter.ts";

/**
 * Which part of the world a stream of days is drawn from: what is learnt from and what it is judged on where a learner is
 * to be tried on what it has never seen, or all that is known, for what is to be released.
 */
export const SPLITS = ["train", "test", "whole"] as const;

/** One day to be played. */
export type DrawnDay = Readonly<{
  scenario: Scenario;
  catalogue: Catalogue;
  drafter: (world: World) => Drafter;
}>;

/** A stream of days, by their number from 0. */
export type Days = (index: number) => DrawnDay;

/** What may be asked of a stream of days. */
type StreamWishes = Readonly<{
  confounding: Confounding;
  /** Share of the runbooks whose rules speak for the wrong evidence, 0..1. */
  broken: number;
}>;

/**
 * Who drafts on days to be judged on, in place of the model whose recall the world draws: nobody, for every call fails and
 * the catalogue's rules speak alone; one that recalls so much, as the rules then do; or another model altogether.
 */
export type OtherDrafter = "none" | Readonly<{ recall: number }> | Readonly<{ name: DrafterName }>;

/** Models that no log was drafted by: what they recall, and what they are like. */
const OTHER_DRAFTERS = {
  /** It names less, orders what it names by more of chance, and is surer of it. */
  brash: { recall: 0.6, model: "simulated-brash", insight: 0.1, noise: 1.5, sureness: 0.75 },
  /** It names nearly everything that would help, knows better which, and says so with care. */
  careful: { recall: 0.97, model: "simulated-careful", insight: 0.6, noise: 1, sureness: 0.4 },
} as const satisfies Readonly<Record<string, DraftingModel & Readonly<{ recall: number }>>>;
export type DrafterName = keyof typeof OTHER_DRAFTERS;
/** The names of those models. */
export const DRAFTER_NAMES = ["brash", "careful"] as const satisfies readonly DrafterName[];

/** What may be asked of the days that a policy is judged on. */
type TestWishes = StreamWishes &
  Readonly<{
    /** Whether the families of faults take turns day by day, in place of their published shares. */
    stratified?: boolean;
    drafter?: OtherDrafter | null;
  }>;

/** Families that no log to learn from has. */
export const HELD_OUT_FAMILIES: readonly Family[] = FAMILIES.filter((one) =>
  protocol.logs.heldOutFamilies.includes(one),
);
/** Ways to build a service that no log to learn from has. */
const HELD_OUT_BLUEPRINTS = ["asg-inner", "dynamodb-on-demand"];
const HELD_OUT: Without = { families: HELD_OUT_FAMILIES, blueprints: HELD_OUT_BLUEPRINTS };
/** No system to learn from has more services; one in four to be judged on has. */
const MOST_TRAINED_SERVICES = 30;

/** The rules and the model that draft in a stream: with the same recall, and mistaken about the same runbooks. */
const draftingBy = (stream: string, recall: number, broken: number): Pick<DrawnDay, "catalogue" | "drafter"> => {
  const mistaken = mistakenOf(catalogue, broken);
  return {
    catalogue: catalogueKnown(catalogue, { recall, mistaken, stream }),
    drafter: simulatedDrafter({ recall, mistaken, stream }),
  };
};

/** Number of a stream's seed among all streams: 48 bits of a hash, so that no two parts of the world share a draw. */
const numbered = (name: string): number => Number.parseInt(sha256(name).slice(0, 12), 16);

/** Days to learn from: without the families and the ways to build that are held out, and without the largest systems. */
export const trainDays = (seed: number, wishes: StreamWishes): Days =>
  daysToLearnFrom(`train|${seed}`, wishes, { most: MOST_TRAINED_SERVICES, without: HELD_OUT });

/** Days to learn from with nothing held out: families, ways to build and sizes are as those that a model is judged on. */
export const wholeDays = (seed: number, wishes: StreamWishes): Days =>
  daysToLearnFrom(`whole|${seed}`, wishes, { most: SIZES[1] });

const daysToLearnFrom = (
  stream: string,
  { confounding, broken }: StreamWishes,
  { most, ...parts }: Readonly<{ most: number; without?: Without }>,
): Days => {
  const number = numbered(stream);
  const drafting = draftingBy(stream, protocol.logs.drafterRecall, broken);
  return (index) => ({
    scenario: scenarioAt(number, index, {
      confounding,
      services: sizeUpTo(most, `${number}/${index}`),
      ...parts,
    }),
    ...drafting,
  });
};

/** Grades of those on call in a world to be judged on: mostly whoever's turn it is, now and then one kind of people. */
const ON_CALL: readonly (Grade | null)[] = [null, null, ...GRADES];
const SIZES = [5, 60] as const;

/** How many services a system has, small ones more often. */
const sizeUpTo = (most: number, stream: string): number =>
  Math.round(SIZES[0] * (most / SIZES[0]) ** (uniform(`${stream}|services`, 0) ** 2));

/**
 * Days of one world to be judged on. What is the same on all of them is drawn from declared ranges: how much the drafting
 * rules recall, who is on call, how large its systems may be.
 * @param seed hash of what is to be judged: no such world exists before it
 */
export const testDays = (
  seed: string,
  world: number,
  { confounding, broken, stratified = false, drafter = null }: TestWishes,
): Days => {
  const stream = `test|${seed}|${world}`;
  const number = numbered(stream);
  const [least, most] = protocol.evaluation.drafterRecall;
  const recall = between(`${stream}|recall`, 0, least, most);
  const oncall = pick(`${stream}|on-call`, 0, ON_CALL);
  const largest = wholeBetween(`${stream}|largest`, 0, ...SIZES);
  const drafting = draftedBy(stream, recall, broken, drafter);
  return (index) => ({
    scenario: scenarioAt(number, index, {
      confounding,
      services: sizeUpTo(largest, `${number}/${index}`),
      ...(stratified ? { without: { families: allBut(FAMILIES[index % FAMILIES.length]), blueprints: [] } } : {}),
      ...(oncall === null ? {} : { oncall }),
    }),
    ...drafting,
  });
};

const allBut = (family: Family | undefined): readonly Family[] => FAMILIES.filter((one) => one !== family);

const draftedBy = (
  stream: string,
  recall: number,
  broken: number,
  other: OtherDrafter | null,
): Pick<DrawnDay, "catalogue" | "drafter"> => {
  if (other === null) return draftingBy(stream, recall, broken);
  if (other === "none") return { ...draftingBy(stream, recall, broken), drafter: () => UNREACHABLE };
  if ("recall" in other) return draftingBy(stream, other.recall, broken);
  const { recall: ownRecall, ...like } = OTHER_DRAFTERS[other.name];
  const own = { recall: ownRecall, mistaken: mistakenOf(catalogue, broken), stream: `${stream}|${other.name}` };
  // The rules stay what they are in this world: only the model is another one.
  return { ...draftingBy(stream, recall, broken), drafter: simulatedDrafter(own, like) };
};

const UNREACHABLE: Drafter = {
  draft: async () => {
    throw new Error("the drafter cannot be reached");
  },
};
