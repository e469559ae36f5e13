import { faultNamed } from "../faults/all-faults.ts";
import type { Family, Fault, Remedy } from "../faults/fault.ts";
import { chance, uniform } from "../random.ts";
import { type Scenario, scenarioAt } from "../scenario.ts";
import { type ActiveFault, streamOf, type World } from "../state.ts";
import { isHealthy } from "../truth.ts";
import type { Person } from "./person.ts";
import { fatigueOf } from "./rota.ts";

/** How often what people do rests on a fact that no log has. */
export const CONFOUNDINGS = ["none", "mild", "strong"] as const;
export type Confounding = (typeof CONFOUNDINGS)[number];

/**
 * Share of the incidents in which people were told the cause: on a call, by whoever had just changed something. Nobody
 * has measured it. A quarter is often enough to bias values that are learnt from the log and leaves most of it honest;
 * three in five is a team in which most of what matters is said and not written.
 */
const TOLD_SHARE: Readonly<Record<Confounding, number>> = { none: 0, mild: 0.25, strong: 0.6 };

/** Whether people were told the cause. One draw decides at every level, so who is told at one level is told at a higher one. */
export const isTold = ({ seed, index, confounding }: Pick<Scenario, "seed" | "index" | "confounding">): boolean =>
  uniform(`${seed}/${index}|people|told`, 0) < TOLD_SHARE[confounding];

/** A fault of the world whose cause is there now. */
export type Present = Readonly<{ fault: Fault; active: ActiveFault }>;

/** The faults that have begun and whose cause is still there. */
export const presentFaults = (world: World): readonly Present[] =>
  world.faults.flatMap((active) => {
    const fault = faultNamed(active.id, world.known);
    if (fault === null || active.startedAtMs === null || !fault.isPresent(world, active)) return [];
    return [{ fault, active }];
  });

/** Whether no alarm rings. */
export const isQuiet = (world: World): boolean => world.alarms.every(({ state }) => state !== "ALARM");

/** Whether there is nothing to do: users are served and no alarm rings. */
export const isWell = (world: World): boolean => isQuiet(world) && isHealthy(world);

const TIRED_EYES = 0.4; // of what one would recognise rested, somebody quite exhausted misses so much

/**
 * Whether somebody understands a fault after so many looks: at each they may recognise it, and what was recognised stays
 * so. Experts always do, and so does everybody who was told. Recognising stands for reading evidence that the log has, too;
 * where it has not, what people do follows the truth a little even at the level `none`.
 */
export const understands = (world: World, person: Person, { fault, active }: Present, looks: number): boolean => {
  if (person.grade === "expert" || isTold(world.scenario)) return true;
  const place = world.faults.indexOf(active);
  const stream = streamOf(world, person.id, `recognises-${place}`);
  const rested = person.familiarity.get(fault.family) ?? 0;
  const probability = rested * (1 - TIRED_EYES * fatigueOf(world, person, world.nowMs));
  return Array.from({ length: looks }, (_, look) => look).some((look) => chance(stream, look, probability));
};

export type Effect = Remedy["does"];
/** A runbook on a resource, by its ARN. */
export type Deed = Readonly<{ runbook: string; target: string | null }>;

/** What a fault says of a deed, or null where it says nothing. */
const declared = ({ fault, active: { parameters } }: Present, { runbook, target }: Deed): Effect | null =>
  fault.remedies(parameters).find((remedy) => remedy.runbook === runbook && parameters[remedy.at] === target)?.does ??
  null;

/** Whether it makes anything better. */
export const helps = (effect: Effect): boolean => effect === "heals" || effect === "eases";

const WORST_FIRST: readonly Effect[] = ["harms", "heals", "eases"];

/** What a deed would do to these faults: harm to one outweighs what it does for another; what none knows does nothing. */
export const effectOn = (faults: readonly Present[], deed: Deed): Effect => {
  const said = faults.map((one) => declared(one, deed));
  return WORST_FIRST.find((effect) => said.includes(effect)) ?? "nothing";
};

/** Whether some runbook would heal or ease one of these faults. */
export const isTreatable = (faults: readonly Present[]): boolean =>
  faults.some(({ fault, active }) => helpfulIn(fault.remedies(active.parameters)).length > 0);

const helpfulIn = (remedies: readonly Remedy[]): readonly Remedy[] => remedies.filter(({ does }) => helps(does));

/** What helped in the incident before: the family of what was wrong, and the runbooks that would have healed or eased it. */
export type Remembered = Readonly<{ family: Family; runbooks: readonly string[] }>;

const recalled = new WeakMap<Scenario, Remembered | null>();

/**
 * What helped in the scenario of the index before, as its faults declare it; it is drawn and not played. Null in the
 * first one.
 */
export const lastHelped = (scenario: Scenario): Remembered | null => {
  const known = recalled.get(scenario);
  if (known !== undefined) return known;
  const made = recall(scenario);
  recalled.set(scenario, made);
  return made;
};

const recall = ({ seed, index, without }: Scenario): Remembered | null => {
  if (index === 0) return null;
  const [planned] = scenarioAt(seed, index - 1, { without }).faults;
  const fault = planned === undefined ? null : faultNamed(planned.fault);
  if (planned === undefined || fault === null) return null;
  const helpful = helpfulIn(fault.remedies(planned.parameters));
  return { family: fault.family, runbooks: helpful.map(({ runbook }) => runbook) };
};
