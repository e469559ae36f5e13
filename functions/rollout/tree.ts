import type { AutomationDocument } from "../core/automation-document.ts";
import { type Chosen, choose } from "../core/choose.ts";
import type { Scorer } from "../core/ports.ts";
import type { Catalogue } from "../core/runbook.ts";
import type { Limits, Score, Verdict } from "../core/stages.ts";
import type { World } from "../world/state.ts";
import type { PolicyOf } from "./days/day.ts";

/** What one decision of a day shows to whoever scores its candidates. */
export type Scene = Readonly<{
  /** How many decisions the day had before, over all its incidents. */
  decision: number;
  state: readonly number[];
  candidates: readonly (readonly number[])[];
  verdicts: readonly Verdict[];
}>;

/** Scores of one scene for each of these policies, asked for at once; null for a candidate that could not be scored. */
export type Price = (
  scene: Scene,
  policies: readonly string[],
) => Promise<ReadonlyMap<string, readonly (Score | null)[]>>;
/** Made for each play: a policy may look into the world that is being played. */
export type PriceOf = (world: World, documents: ReadonlyMap<string, AutomationDocument>) => Price;

/** What is done at a decision: which candidate, and whether its plan takes a person's word for want of a surer one. */
export type Taken = Readonly<{ index: number; asks: boolean }>;
/** How a policy decides by its scores, beside the shipped way of one that is no learnt model. */
export type Manner = Readonly<{
  /** Those of a learnt model's word. */
  limits?: Limits;
  /** What is done in place of what was chosen. */
  turns?: (taken: Taken, scene: Scene) => Taken;
  /** Told what choose says, once a decision, before it turns. */
  hears?: (chosen: Chosen) => void;
}>;

/** Plays a day from its beginning under one policy. The same choices give the same day. */
export type Play<End> = (policy: PolicyOf) => Promise<End>;

/** What was done at a decision, and its runbook and target by name. `asks` only where the guard asks nobody. */
type Step = Taken & Readonly<{ name: string }>;
/** Policies that agree on all steps so far. */
type Group = Readonly<{ steps: readonly Step[]; policies: readonly string[] }>;
/** The end of a day, the indices that were executed on the way, and who took it. */
export type Path<End> = Readonly<{ end: End; executed: readonly number[]; policies: readonly string[] }>;

/**
 * Plays one day under many policies. Those that choose alike share a play: at each decision all of a group are scored, the
 * play goes on with whoever agrees with the first of them, and the others branch off: their play starts again from the
 * beginning, is led to where they left, and goes on by their own choice. So every path is played exactly once, and
 * each policy gets the day that it would have had alone. Two that take the same candidate, one of them with a person's
 * word where the guard needs none, do not choose alike: asking takes minutes, and may be answered with no. Throws what the scoring throws, and where a play that was led the
 * same way came to another decision.
 */
export const playTogether = async <End>(
  play: Play<End>,
  catalogue: Catalogue,
  policies: readonly string[],
  priceOf: PriceOf,
  mannerOf: (policy: string) => Manner = () => ({}),
): Promise<readonly Path<End>[]> => {
  const paths: Path<End>[] = [];
  const waiting: Group[] = policies.length === 0 ? [] : [{ steps: [], policies }];
  for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
    const ride = rideOf(group, catalogue, priceOf, mannerOf);
    const end = await play(ride.policy);
    const { failures, steps, policies, left } = ride.soFar();
    if (failures.length > 0) throw failures[0];
    paths.push({ end, executed: steps.map(({ index }) => index), policies });
    waiting.push(...left);
  }
  return paths;
};

/** How far a play is: the steps taken, who took them, and the groups that went another way. */
type Ride = Readonly<{
  policy: PolicyOf;
  soFar: () => Group & Readonly<{ left: readonly Group[]; failures: readonly unknown[] }>;
}>;

const rideOf = (from: Group, catalogue: Catalogue, priceOf: PriceOf, mannerOf: (policy: string) => Manner): Ride => {
  const steps: Step[] = [];
  const left: Group[] = [];
  const failures: unknown[] = [];
  let policies = from.policies;
  const nextStep = async (scene: Scene, price: Price): Promise<Step> => {
    const known = from.steps[scene.decision];
    if (known !== undefined) return sameStep(known, scene);
    const scores = await price(scene, policies);
    const taken = policies.map((policy) => ({
      policy,
      step: stepIn(scene, scores.get(policy) ?? [], catalogue, mannerOf(policy)),
    }));
    const groups = Map.groupBy(taken, ({ step: { index, asks } }) => `${index} ${asks}`);
    const [first, ...others] = [...groups.values()].map((group) => ({
      steps: [...steps, ...group.slice(0, 1).map(({ step }) => step)],
      policies: group.map(({ policy }) => policy),
    }));
    const step = first?.steps.at(-1);
    if (first === undefined || step === undefined) throw new Error("nobody is left to choose");
    policies = first.policies;
    left.push(...others);
    return step;
  };
  const policy: PolicyOf = (world, documents) => {
    const price = priceOf(world, documents);
    const decide = async (asked: Omit<Scene, "decision">): Promise<readonly Score[]> => {
      const scene = { decision: steps.length, ...asked };
      try {
        const step = await nextStep(scene, price);
        steps.push(step);
        return led(scene, step, catalogue);
      } catch (error) {
        // Whoever asks takes a scorer that throws for one that abstains: the day would go on as if nothing had happened.
        failures.push(error);
        throw error;
      }
    };
    // Two incidents may ask at once; one after the other they are answered, in the order in which they asked.
    let before: Promise<unknown> = Promise.resolve();
    const score: Scorer["score"] = (state, candidates, verdicts = []) => {
      const decided = before.then(() => decide({ state, candidates, verdicts }));
      before = decided.catch(() => {});
      return decided;
    };
    return { policy: "together", modelHash: "", draw: "best", limits: LED, score };
  };
  return { policy, soFar: () => ({ steps, policies, left, failures }) };
};

/** The index that these scores come to: what the shipped choose takes, or what its abstention falls to. */
export const executedIn = (
  scene: Scene,
  scores: readonly (Score | null)[],
  catalogue: Catalogue,
  limits?: Limits,
): number => takenBy(chosenIn(scene, scores, catalogue, limits)).index;

const chosenIn = (
  { state, candidates, verdicts }: Scene,
  scores: readonly (Score | null)[],
  catalogue: Catalogue,
  limits?: Limits,
): Chosen => {
  const priced = verdicts.map((verdict, i) => ({ verdict, features: candidates[i] ?? [], score: scores[i] ?? null }));
  // Names and times show in a plan; the best score wins whatever they are.
  const unnamed = { incidentId: "", step: 0, nowMs: 0, approvalSeconds: 0 };
  const limited = limits === undefined ? {} : { limits };
  return choose({ ...unnamed, ...limited, catalogue, priced, state, draw: "best", scorerFailure: null });
};

const takenBy = ({ weighed, result }: Chosen): Taken => ({
  index: weighed.findIndex(({ probability }) => probability === 1),
  asks: result.kind === "chosen" && result.asks !== null,
});

const stepIn = (
  scene: Scene,
  scores: readonly (Score | null)[],
  catalogue: Catalogue,
  { limits, turns, hears }: Manner,
): Step => {
  const chosen = chosenIn(scene, scores, catalogue, limits);
  hears?.(chosen);
  const taken = takenBy(chosen);
  const { index, asks } = turns?.(taken, scene) ?? taken;
  const verdict = scene.verdicts[index];
  // Where the guard asks people anyway, one more reason to ask them makes no other day.
  const isFree = verdict?.kind === "allowed" && verdict.consents === 0;
  return { index, asks: asks && isFree, name: `${verdict?.candidate.runbook} on ${verdict?.candidate.target}` };
};

/** The step as it was taken before. Throws where the decision is another one. */
const sameStep = (known: Step, { decision, verdicts }: Scene): Step => {
  const candidate = verdicts[known.index]?.candidate;
  const name = `${candidate?.runbook} on ${candidate?.target}`;
  if (name === known.name) return known;
  throw new Error(`decision ${decision} was ${known.name} and is now ${name}: the day is not the same again`);
};

/** Limits under which a score says by its support alone whether a person is asked. */
const LED: Limits = {
  ...{ m: 0, delta: 0, support: 0.5, distance: 1, approval: [], asks: null },
  tiers: ([0, 1, 2, 3] as const).map((tier) => ({ tier, maxHarm: 1 })),
};
const NOTHING = { mean: 0, low: 0, high: 0 };

/** Scores with which the shipped choose takes this step and no other. */
const led = (scene: Scene, { index, asks, name }: Step, catalogue: Catalogue): readonly Score[] => {
  const scores = scene.verdicts.map((_, place) => {
    const mean = place === index ? 1 : 0;
    const expected = { members: [mean], value: NOTHING, recovers: NOTHING, harms: NOTHING, distance: 0 };
    return { q: { mean, sd: 0 }, outlook: { ...expected, support: asks ? 0 : 1 } };
  });
  const taken = takenBy(chosenIn(scene, scores, catalogue, LED));
  if (taken.index === index && taken.asks === asks) return scores;
  const how = asks ? " with a person's word" : "";
  throw new Error(`decision ${scene.decision} was led to ${name}${how} and executes candidate ${taken.index}`);
};
