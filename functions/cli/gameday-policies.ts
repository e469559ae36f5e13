import { catalogue } from "../../runbooks/catalogue.ts";
import { MODEL_POLICIES } from "../adapters/onnx/onnx-scorer.ts";
import { POLICIES } from "../core/policies.ts";
import type { Drafter, Ledger } from "../core/ports.ts";
import type { Settings } from "../core/settings.ts";
import { boundOf } from "../rollout/bound.ts";
import { draftEverything } from "../rollout/days/bound-drafter.ts";
import type { PolicyOf } from "../rollout/days/day.ts";
import type { World } from "../world/state.ts";
import { BadInput, type Write } from "./errors.ts";
import { isModelPolicy, servedModel } from "./released-model.ts";

/** Makes the drafter of one world; what a hosted one spends it notes in the ledger. */
export type DrafterOf = (ledger: Ledger, settings: Settings, world: World) => Drafter;

const blind = Object.entries(POLICIES).map(([name, scorer]): readonly [string, PolicyOf] => [name, () => scorer]);

/** Policies that are made of nothing but code: those of production, and those that look into the world. */
export const GAMEDAY_POLICIES: Readonly<Record<string, PolicyOf>> = {
  ...Object.fromEntries(blind),
  bound: boundOf(catalogue, "bound"),
  "catalogue-bound": boundOf(catalogue, "catalogue-bound"),
};

/** Every policy that a gameday can be played with. */
export const GAMEDAY_NAMES: readonly string[] = [...Object.keys(GAMEDAY_POLICIES), ...MODEL_POLICIES];

/** Drafters that belong to a policy and look into its world; any other policy takes the one that it is given. */
const OWN_DRAFTERS: Readonly<Record<string, (world: World) => Drafter>> = { "catalogue-bound": draftEverything };

/** What drafts for this policy: its own drafter where it has one. */
export const draftingFor = (policy: string, otherwise: DrafterOf): DrafterOf => {
  const own = OWN_DRAFTERS[policy];
  return own === undefined ? otherwise : (_ledger, _settings, world) => own(world);
};

/** The policy of this name. Throws BadInput with the list of those that are built. */
export const policyNamed = (name: string): PolicyOf => {
  const policy = GAMEDAY_POLICIES[name];
  if (policy === undefined)
    throw new BadInput(`--policy ${name}: not built yet; give one of ${GAMEDAY_NAMES.join(", ")}`);
  return policy;
};

/**
 * The policy of this name, ready to play, and its model's manifest_hash where it has one; `close` ends what runs its model.
 * It has no deadline: the same seed gives the same day, however busy the machine is. Throws BadInput for a name that is none.
 */
export const openPolicy = async (
  name: string,
  writeError: Write,
): Promise<Readonly<{ policy: PolicyOf; model: string | null; close: () => Promise<void> }>> => {
  if (!isModelPolicy(name)) return { policy: policyNamed(name), model: null, close: async () => {} };
  const { scorer, model } = await servedModel(name, writeError, { isolation: "none" });
  const hash = model?.manifest.manifest_hash ?? null;
  return { policy: () => scorer, model: hash, close: async () => model?.inference.close() };
};
