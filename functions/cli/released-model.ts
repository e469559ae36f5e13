import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Serving, serve } from "../adapters/onnx/fallback.ts";
import { MODEL_FILE } from "../adapters/onnx/load-model.ts";
import { MODEL_POLICIES, type ModelPolicy } from "../adapters/onnx/onnx-scorer.ts";
import type { OpenOptions } from "../adapters/onnx/open-model.ts";
import type { Write } from "./errors.ts";

/** The folder of the model that is served: model.onnx, manifest.json and its report. */
export const RELEASED: string = join(import.meta.dirname, "..", "..", "policies", "qnet", "released");

/** In the folder of the model that is served: the one before it, which serves where that one cannot be. */
export const LAST_GOOD = "last-good";

export const isModelPolicy = (name: string): name is ModelPolicy => MODEL_POLICIES.some((one) => one === name);

/** What answers where nobody names a policy: the released model, or the rules where none is released. */
export const defaultPolicy = (released = RELEASED): string =>
  existsSync(join(released, MODEL_FILE)) ? "qnet" : "rules";

/**
 * The released model as this policy, or the one before it where it cannot be served. Where neither can the rules speak in
 * its place, a person is asked about everything that they propose. Stderr says why. @param options how its network runs
 */
export const servedModel = async (
  policy: ModelPolicy,
  writeError: Write,
  options: OpenOptions = {},
  released = RELEASED,
): Promise<Serving> => {
  const serving = await serve([released, join(released, LAST_GOOD)], { ...options, policy });
  const instead =
    serving.model === null
      ? "the rules rank in its place, and people are asked"
      : `the model of ${serving.model.manifest.createdAt} serves in its place`;
  if (serving.because !== null)
    writeError(`quell: ${policy} cannot be served: ${serving.because.detail}; ${instead}\n`);
  return serving;
};
