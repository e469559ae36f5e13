import { CANDIDATE_FEATURES } from "../core/features.ts";
import type { Catalogue } from "../core/runbook.ts";
import type { Score } from "../core/stages.ts";
import { BLIND_POLICIES, type BlindPolicy } from "./blind-policies.ts";
import { draftEverything } from "./days/bound-drafter.ts";
import type { DayPlan } from "./days/day.ts";
import { SEERS, type SeerOf } from "./evaluation-seers.ts";
import type { PriceOf, Scene } from "./tree.ts";

type OwnDrafter = Exclude<DayPlan["drafter"], undefined>;

/** A policy that days are judged under. */
export type JudgedPolicy = Readonly<{ name: string }> &
  (
    | Readonly<{ kind: "blind"; price: BlindPolicy }>
    | Readonly<{ kind: "seer"; seerOf: SeerOf; drafter: OwnDrafter | null }>
    /** `pageBonus` is added to the value of calling a person, in the model's own unit. */
    | Readonly<{ kind: "model"; model: string; pageBonus: number }>
  );

/** Scores of each of these models, by name; null where a model cannot score the scene. */
export type AskModels = (
  scene: Pick<Scene, "state" | "candidates" | "verdicts">,
  models: readonly string[],
) => Promise<ReadonlyMap<string, readonly Score[] | null>>;

/** Names of the policies that need no model, for people to choose from. */
export const POLICY_NAMES: readonly string[] = [...BLIND_POLICIES.keys(), ...SEERS.keys()];

/** Those that are drafted for by something of their own, which changes what there is to choose from. */
const OWN_DRAFTERS: ReadonlyMap<string, OwnDrafter> = new Map([["catalogue-bound", draftEverything]]);
const MODEL = /^model:([^+]+)(?:\+page:(-?\d+(?:\.\d+)?(?:e-?\d+)?))?$/;

/** The policy of this name, `model:NAME` and `model:NAME+page:DELTA` among them; null where there is none. */
export const judgedPolicy = (name: string): JudgedPolicy | null => {
  const [price, seerOf] = [BLIND_POLICIES.get(name), SEERS.get(name)];
  if (price !== undefined) return { name, kind: "blind", price };
  if (seerOf !== undefined) return { name, kind: "seer", seerOf, drafter: OWN_DRAFTERS.get(name) ?? null };
  const [, model, bonus = "0"] = MODEL.exec(name) ?? [];
  return model === undefined ? null : { name, kind: "model", model, pageBonus: Number(bonus) };
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

const pricerOf = (policy: JudgedPolicy, stream: string, opened: (seerOf: SeerOf) => ReturnType<SeerOf>): Pricer => {
  const { name } = policy;
  switch (policy.kind) {
    case "blind":
      return { name, model: null, price: (scene) => policy.price(scene, `${stream}|${name}`) };
    case "seer": {
      const seer = opened(policy.seerOf);
      return { name, model: null, price: (scene) => seer(scene) };
    }
    case "model":
      return {
        ...{ name, model: policy.model },
        price: async ({ candidates }, scores) => withBonus(candidates, scores ?? [], policy.pageBonus),
      };
  }
};

const withBonus = (candidates: Scene["candidates"], scores: readonly Score[], pageBonus: number): readonly Score[] => {
  const pages = CANDIDATE_FEATURES.indexOf("pages");
  return scores.map(({ q }, index) => ({
    q: { ...q, mean: q.mean + (candidates[index]?.[pages] === 1 ? pageBonus : 0) },
  }));
};
