import { existsSync } from "node:fs";
import { join } from "node:path";
import { MODEL_POLICIES } from "../adapters/onnx/onnx-scorer.ts";
import { hashOf } from "../core/ids.ts";
import { POLICIES, TIE } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
import { BadInput } from "./errors.ts";
import { type OpenedModel, openModel } from "./gate-model.ts";
import { RELEASED } from "./released-model.ts";

/** A policy whose proposals are computed for rows that another one logged. */
export type TargetPolicy = Readonly<{
  name: string;
  scorer: Scorer;
  /** Identifies the policy with its draw and, where it has one, its model. */
  hash: string;
  close: () => Promise<void>;
}>;

/** Opens a model that lies in a folder, whatever the gate has said of it. Throws BadInput where it cannot be used. */
export type OpenModel = (folder: string) => Promise<OpenedModel>;

const MODEL_NAMES: readonly string[] = MODEL_POLICIES;
const nothingToClose = async (): Promise<void> => {};

/** Policies that can be named; a folder with model.onnx is one as well. */
export const TARGET_NAMES: readonly string[] = [...Object.keys(POLICIES), ...MODEL_NAMES];

/**
 * The policy of this name, drawing as it would where `epsilon` is the share of decisions in which it explores. Throws
 * BadInput where there is none. @param policy a name, or a folder with model.onnx and manifest.json @param epsilon 0..1
 */
export const targetPolicy = async (
  policy: string,
  epsilon: number,
  open: OpenModel = openModel,
): Promise<TargetPolicy> => {
  const built = Object.entries(POLICIES).find(([name]) => name === policy)?.[1];
  if (built !== undefined) {
    const scorer = epsilon === 0 || built.draw !== "best" ? built : { ...built, draw: { epsilon, delta: TIE } };
    return { name: policy, scorer, hash: hashOf({ policy, draw: scorer.draw }), close: nothingToClose };
  }
  const { scorer: scorerOf, manifest, close } = await open(folderOf(policy));
  const draw = epsilon === 0 ? "best" : { epsilon, delta: manifest.thresholds.tie };
  const scorer = scorerOf(policy === "clone" ? "clone" : "qnet", draw);
  // The manifest is part of the policy: its limits decide with the numbers.
  const hash = hashOf({ policy: scorer.policy, draw, model: manifest.manifest_hash });
  return { name: policy, scorer, hash, close };
};

/** The folder of a policy that has a model. Throws BadInput where there is none. @param flag that named the policy */
export const folderOf = (policy: string, flag = "policy"): string => {
  const folder = MODEL_NAMES.includes(policy) ? RELEASED : policy;
  if (existsSync(join(folder, "model.onnx"))) return folder;
  if (folder === RELEASED)
    throw new BadInput(`--${flag} ${policy}: no model is released; write one with npm run release, or name its folder`);
  throw new BadInput(
    `--${flag} ${policy}: no such policy, and no folder with model.onnx; give one of ${TARGET_NAMES.join(", ")}, ` +
      "or a folder that `qnet release` wrote",
  );
};
