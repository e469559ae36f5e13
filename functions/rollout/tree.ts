import type { AutomationDocument } from "../core/automation-document.ts";
import { choose } from "../core/choose.ts";
import type { Scorer } from "../core/ports.ts";
import type { Catalogue } from "../core/runbook.ts";
import type { Score, Verdict } from "../core/stages.ts";
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

/** Plays a day from its beginning under one policy. The same choices give the same day. */
export type Play<End> = (policy: PolicyOf) => Promise<End>;

/** What was executed at a decision: its index, and its runbook and target by name. */
type Step = Readonly<{ index: number; name: string }>;
/** Policies that agree on all steps so far. */
type Group = Readonly<{ steps: readonly Step[]; policies: readonly string[] }>;
/** The end of a day, the indices that were executed on the way, and who took it. */
export type Path<End> = Readonly<{ end: End; executed: readonly number[]; policies: readonly string[] }>;

/**
 * Plays one day under many policies. Those that choose alike share a play: at each decision all of a group are scored, the
 * play goes on with whoever agrees with the first of them, and the others branch off: their play starts again from the
 * beginning, is led to where they left, and goes on by their own choice. So every path is played exactly once, and
 * each policy gets the day that it would have had alone. Throws what the scoring throws, and where a play that was led the
 * same way came to another decision.
 */
export const playTogether = async <End>(
  play: Play<End>,
  catalogue: Catalogue,
  policies: readonly string[],
  priceOf: PriceOf,
): Promise<readonly Path<End>[]> => {
  const paths: Path<End>[] = [];
  const waiting: Group[] = policies.length === 0 ? [] : [{ steps: [], policies }];
  for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
    const ride = rideOf(group, catalogue, priceOf);
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

const rideOf = (from: Group, catalogue: Catalogue, priceOf: PriceOf): Ride => {
  const steps: Step[] = [];
  const left: Group[] = [];
  const failures: unknown[] = [];
  let policies = from.policies;
  const nextStep = async (scene: Scene, price: Price): Promise<Step> => {
    const known = from.steps[scene.decision];
    if (known !== undefined) return sameStep(known, scene);
    const groups = Map.groupBy(await executedBy(scene, policies, price, catalogue), ({ index }) => index);
    const [first, ...others] = [...groups].map(([index, group]) => ({
      steps: [...steps, stepAt(scene, index)],
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
    return { policy: "together", modelHash: "", draw: "best", score };
  };
  return { policy, soFar: () => ({ steps, policies, left, failures }) };
};

type Executed = Readonly<{ policy: string; index: number }>;

const executedBy = async (
  scene: Scene,
  policies: readonly string[],
  price: Price,
  catalogue: Catalogue,
): Promise<readonly Executed[]> => {
  const scores = await price(scene, policies);
  return policies.map((policy) => ({ policy, index: executedIn(scene, scores.get(policy) ?? [], catalogue) }));
};

/** The index that these scores come to: what the shipped choose takes, or what its abstention falls to. */
export const executedIn = (
  { state, candidates, verdicts }: Scene,
  scores: readonly (Score | null)[],
  catalogue: Catalogue,
): number => {
  const priced = verdicts.map((verdict, i) => ({ verdict, features: candidates[i] ?? [], score: scores[i] ?? null }));
  // Names and times show in a plan; the best score wins whatever they are.
  const unnamed = { incidentId: "", step: 0, nowMs: 0, approvalSeconds: 0 };
  const { weighed } = choose({ ...unnamed, catalogue, priced, state, draw: "best", scorerFailure: null });
  return weighed.findIndex(({ probability }) => probability === 1);
};

const stepAt = ({ verdicts }: Scene, index: number): Step => {
  const candidate = verdicts[index]?.candidate;
  return { index, name: `${candidate?.runbook} on ${candidate?.target}` };
};

/** The step as it was taken before. Throws where the decision is another one. */
const sameStep = (known: Step, scene: Scene): Step => {
  const { name } = stepAt(scene, known.index);
  if (name === known.name) return known;
  throw new Error(`decision ${scene.decision} was ${known.name} and is now ${name}: the day is not the same again`);
};

/** Scores with which the shipped choose executes this step and no other. */
const led = (scene: Scene, step: Step, catalogue: Catalogue): readonly Score[] => {
  const scores = scene.verdicts.map((_, index) => ({ q: { mean: index === step.index ? 1 : 0, sd: 0 } }));
  const executed = executedIn(scene, scores, catalogue);
  if (executed === step.index) return scores;
  throw new Error(`decision ${scene.decision} was led to ${step.name} and executes candidate ${executed}`);
};
