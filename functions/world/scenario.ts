import { type BenignChange, drawBenignChanges } from "./benign-changes.ts";
import { FAULTS, faultNamed } from "./faults/all-faults.ts";
import { FAMILY_SHARE } from "./faults/families.ts";
import { FAMILIES, type Family, type Fault, type FaultParameters } from "./faults/fault.ts";
import type { Confounding } from "./people/knowledge.ts";
import type { Grade } from "./people/person.ts";
import { between, chance, uniform } from "./random.ts";
import { MINUTE_MS } from "./state.ts";
import { buildSystem } from "./system.ts";
import { drawTopology, type Topology } from "./topology.ts";
import { WORLD_START_MS } from "./types.ts";

/** One fault of a scenario, with what was drawn of it. */
export type PlannedFault = Readonly<{ fault: string; parameters: FaultParameters; onsetMs: number }>;

/** Everything that is drawn of one incident, as JSON; a world is a function of it and of its inputs. */
export type Scenario = Readonly<{
  seed: number;
  index: number;
  /** The start of its day: one incident a day. */
  startMs: number;
  /** Where the world's clock starts: 70 to 71 minutes before the onset. */
  clockStartMs: number;
  /** When the first fault begins. */
  onsetMs: number;
  /** The first fault's id, or `none`. */
  fault: string;
  /** In the order of their onsets; two where two causes come at once, none in a healthy world. */
  faults: readonly PlannedFault[];
  topology: Topology;
  /** Changes around the onset from which nothing comes, in the order of time. */
  benignChanges: readonly BenignChange[];
  /** How often what people do rests on a fact that no log has. */
  confounding: Confounding;
  /** The grade of whoever is on call; null: whose turn it is. */
  oncall: Grade | null;
  /** What is never drawn on its days. */
  without: Without;
}>;

/** What a stream of days does without, so that something new is left for days on which a policy is judged. */
export type Without = Readonly<{ families: readonly Family[]; blueprints: readonly string[] }>;

const NOTHING: Without = { families: [], blueprints: [] };

/** What one may ask of a scenario instead of letting it be drawn. */
export type Wishes = Readonly<{
  services?: number;
  topology?: Topology;
  faults?: readonly Fault[];
  /** `mild` where nobody asks. */
  confounding?: Confounding;
  oncall?: Grade;
  without?: Without;
}>;

const HISTORY_MINUTES = 70; // an hour of metrics for a decision to look back on, and the time until they can be read
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * Share of the incidents with two causes at once. Nobody has published it. One in 25 is enough for a policy to meet some
 * hundreds in ten thousand, and few enough that no learner takes the second cause for the usual thing.
 */
const TWO_CAUSES_SHARE = 0.04;

/** Scenario number `index` of a seed: one fault drawn by the faults' likelihoods, now and then two that stand apart. */
export const scenarioAt = (seed: number, index: number, wishes: Wishes = {}): Scenario => {
  const stream = `${seed}/${index}|scenario`;
  const without = wishes.without ?? NOTHING;
  const first = drawFault(stream, without);
  const second = chance(`${stream}|two-causes`, 0, TWO_CAUSES_SHARE) ? drawFault(`${stream}|second`, without) : first;
  const both = second === first ? null : scenarioWith(seed, index, `${first}+${second}`, wishes);
  return both !== null && standApart(both) ? both : scenarioWith(seed, index, first, wishes);
};

/**
 * Whether each fault of a scenario is treated at resources of its own. Of two at one resource, the cure of one is what the
 * other one changed: what is wrong then has no name of its own.
 */
export const standApart = ({ faults }: Pick<Scenario, "faults">, known: readonly Fault[] = FAULTS): boolean => {
  const treated = faults.flatMap((planned) => [...placesOf(planned, known)]);
  return new Set(treated).size === treated.length;
};

/** ARNs at which a fault is treated, and the one that it happens to. */
const placesOf = ({ fault, parameters }: PlannedFault, known: readonly Fault[]): ReadonlySet<unknown> => {
  const remedies = faultNamed(fault, known)?.remedies(parameters) ?? [];
  const named = ["arn", ...remedies.map(({ at }) => at)].map((name) => parameters[name]);
  return new Set(named.filter((value) => value !== undefined && value !== ""));
};

/** A day with faults of one's choice, `+` between two; `none` keeps it healthy. Throws RangeError on an unknown one. */
export const scenarioWith = (seed: number, index: number, faultIds: string, wishes: Wishes = {}): Scenario => {
  const streams = `${seed}/${index}`;
  const startMs = WORLD_START_MS + index * DAY_MS;
  const onsetMs = startMs + Math.round(between(`${streams}|scenario|onset`, 0, 3, 15) * 60 * MINUTE_MS);
  const clockStartMs = Math.floor(onsetMs / MINUTE_MS) * MINUTE_MS - HISTORY_MINUTES * MINUTE_MS;
  const chosen = (faultIds === "none" ? [] : faultIds.split("+")).map((id) => {
    const fault = faultNamed(id, wishes.faults);
    if (fault === null) throw new RangeError(`no fault is called ${id}`);
    return fault;
  });
  const needs = chosen.flatMap((fault) => fault.needs);
  const without = wishes.without ?? NOTHING;
  const topology = wishes.topology ?? drawTopology(streams, needs, wishes.services ?? null, without.blueprints);
  const system = buildSystem(topology, clockStartMs, streams);
  const faults = chosen.map((fault, place) => ({
    fault: fault.id,
    parameters: fault.draw(system, `${streams}|fault|${fault.id}`),
    onsetMs: onsetMs + (place === 0 ? 0 : Math.round(between(`${streams}|scenario|second`, place, 0, 8) * MINUTE_MS)),
  }));
  return {
    seed,
    index,
    startMs,
    clockStartMs,
    onsetMs,
    fault: chosen[0]?.id ?? "none",
    faults,
    topology,
    benignChanges: drawBenignChanges(streams, system, faults, onsetMs),
    confounding: wishes.confounding ?? "mild",
    oncall: wishes.oncall ?? null,
    without,
  };
};

/** A family by its published share, then one of its faults by its weight. */
const drawFault = (stream: string, without: Without): string => {
  const families = FAMILIES.filter(
    (family) => !without.families.includes(family) && FAULTS.some((fault) => fault.family === family),
  );
  const family = weighted(`${stream}|family`, families, (one) => FAMILY_SHARE[one]);
  const own = FAULTS.filter((fault) => fault.family === family);
  return weighted(`${stream}|fault`, own, (fault) => fault.likelihood).id;
};

/** One of the options, by their weights. Throws RangeError where there is none. */
const weighted = <T>(stream: string, options: readonly T[], weightOf: (option: T) => number): T => {
  let rest = uniform(stream, 0) * options.reduce((sum, option) => sum + weightOf(option), 0);
  for (const option of options) {
    rest -= weightOf(option);
    if (rest < 0) return option;
  }
  throw new RangeError(`${stream}: nothing to draw from`);
};
