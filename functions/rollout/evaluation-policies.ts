import type { Catalogue } from "../core/runbook.ts";
import type { Limits, Score } from "../core/stages.ts";
import { uniform } from "../world/random.ts";
import { BLIND_POLICIES, type BlindPolicy } from "./blind-policies.ts";
import { draftEverything } from "./days/bound-drafter.ts";
import type { DayPlan } from "./days/day.ts";
import { SEERS, type SeerOf } from "./evaluation-seers.ts";
import { type Learnt, learntPolicy, limitsOf, paging, scorerOf, turnsOf, withBonus } from "./learnt-policy.ts";
import type { Manner, PriceOf, Scene } from "./tree.ts";

type OwnDrafter = Exclude<DayPlan["drafter"], undefined>;

/** A policy that days are judged under. */
export type JudgedPolicy = Readonly<{ name: string }> &
  (
    | Readonly<{ kind: "blind"; price: BlindPolicy }>
    | Readonly<{ kind: "seer"; seerOf: SeerOf; drafter: OwnDrafter | null }>
    /** `pageBonus` is added to the value of calling a person, in the model's own unit. */
    | Readonly<{ kind: "model"; model: string; pageBonus: number }>
    | Learnt
    /** Another policy, in whose place so large a share of the decisions calls a person. */
    | Readonly<{ kind: "random-paging"; share: number; policy: JudgedPolicy }>
  );

/** Scores of each of these models, by name as `scorerOf` or as `model:` has it; null where one cannot score the scene. */
export type AskModels = (
  scene: Pick<Scene, "state" | "candidates" | "verdicts">,
  models: readonly string[],
) => Promise<ReadonlyMap<string, readonly Score[] | null>>;

/** Names of the policies that need no model, for people to choose from. */
export const POLICY_NAMES: readonly string[] = [...BLIND_POLICIES.keys(), ...SEERS.keys()];

/** Those that are drafted for by something of their own, which changes what there is to choose from. */
const OWN_DRAFTERS: ReadonlyMap<string, OwnDrafter> = new Map([["catalogue-bound", draftEverything]]);
const RANDOM_PAGING = /^random-paging:(0|1|0?\.\d+):(.+)$/;
const MODEL = /^model:([^+]+)(?:\+page:(-?\d+(?:\.\d+)?(?:e-?\d+)?))?$/;

/** How policies are named that rest on a model, or on another policy. */
export const POLICY_FORMS: readonly string[] = [
  ...["model:NAME[+page:X]", "onnx:NAME and clone:NAME with +m:X, +delta:X, +support:X, +distance:X, +page:X, +harm:X"],
  ...["or +harm:T0,T1,T2,T3, +rank:Q,V,P, +noask or +act, +judged", "random-paging:SHARE:POLICY"],
];

/** The policy of this name, one of POLICY_FORMS among them; null where there is none. */
export const judgedPolicy = (name: string): JudgedPolicy | null => {
  const [price, seerOf] = [BLIND_POLICIES.get(name), SEERS.get(name)];
  if (price !== undefined) return { name, kind: "blind", price };
  if (seerOf !== undefined) return { name, kind: "seer", seerOf, drafter: OWN_DRAFTERS.get(name) ?? null };
  const [, share, paged] = RANDOM_PAGING.exec(name) ?? [];
  if (paged !== undefined) {
    const policy = judgedPolicy(paged);
    return policy === null ? null : { name, kind: "random-paging", share: Number(share), policy };
  }
  const learnt = learntPolicy(name);
  if (learnt !== null) return { name, ...learnt };
  const [, model, bonus = "0"] = MODEL.exec(name) ?? [];
  return model === undefined ? null : { name, kind: "model", model, pageBonus: Number(bonus) };
};

/** The policy that chooses: of one that calls people at random, the one in whose place it does. */
export const chooserOf = (policy: JudgedPolicy): Exclude<JudgedPolicy, { kind: "random-paging" }> =>
  policy.kind === "random-paging" ? chooserOf(policy.policy) : policy;

/**
 * How a policy decides by its scores. Throws RangeError where the limits of its model are not given.
 * @param stream names the day @param limits of each learnt model, by its name
 */
export const mannerFor = (policy: JudgedPolicy, stream: string, limits: ReadonlyMap<string, Limits>): Manner => {
  if (policy.kind === "learnt") {
    const own = limits.get(policy.model);
    if (own === undefined) throw new RangeError(`${policy.name}: the limits of ${policy.model} are not known`);
    return { limits: limitsOf(policy, own), turns: turnsOf(policy) };
  }
  if (policy.kind !== "random-paging") return {};
  const inner = mannerFor(policy.policy, stream, limits);
  // Whoever pages more pages where others do too: the draws are the day's, not the share's.
  const draws = `${stream}|random-paging|${policy.policy.name}`;
  return {
    ...inner,
    turns: (taken, scene) =>
      uniform(draws, scene.decision) < policy.share ? paging(scene) : (inner.turns?.(taken, scene) ?? taken),
  };
};

/**
 * Scores scenes for all of these policies. A model is asked once a scene, however many variants of it there are.
 * @param stream names the day in the draws of those who draw
 */
export const pricesOf =
  (policies: readonly JudgedPolicy[], catalogue: Catalogue, ask: AskModels, stream: string): PriceOf =>
  (world, documents) => {
    const pricers = new Map(
      policies.map((policy) => [
        policy.name,
        pricerOf(policy, stream, (seerOf) => seerOf(catalogue, world, documents)),
      ]),
    );
    return async (scene, names) => {
      const asked = names.flatMap((name) => pricers.get(name) ?? []);
      const models = new Set(asked.flatMap(({ model }) => model ?? []));
      const scores = models.size === 0 ? new Map() : await ask(scene, [...models]);
      return new Map(
        await Promise.all(
          asked.map(
            async ({ name, model, price }) =>
              [name, await price(scene, model === null ? null : (scores.get(model) ?? null))] as const,
          ),
        ),
      );
    };
  };

type Pricer = Readonly<{
  name: string;
  model: string | null;
  price: (scene: Scene, scores: readonly Score[] | null) => Promise<readonly Score[]>;
}>;

const pricerOf = (judged: JudgedPolicy, stream: string, opened: (seerOf: SeerOf) => ReturnType<SeerOf>): Pricer => {
  const policy = chooserOf(judged);
  const { name } = judged;
  switch (policy.kind) {
    case "blind":
      return { name, model: null, price: (scene) => policy.price(scene, `${stream}|${policy.name}`) };
    case "seer": {
      const seer = opened(policy.seerOf);
      return { name, model: null, price: (scene) => seer(scene) };
    }
    case "model":
      return {
        ...{ name, model: policy.model },
        price: async ({ candidates }, scores) => withBonus(candidates, scores ?? [], policy.pageBonus),
      };
    case "learnt":
      return {
        ...{ name, model: scorerOf(policy) },
        price: async ({ candidates }, scores) => withBonus(candidates, scores ?? [], policy.pageBonus),
      };
  }
};
