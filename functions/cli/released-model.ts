import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Serving, serve } from "../adapters/onnx/fallback.ts";
import { MODEL_FILE } from "../adapters/onnx/load-model.ts";
import { MODEL_POLICIES, type ModelPolicy } from "../adapters/onnx/onnx-scorer.ts";
import type { OpenOptions } from "../adapters/onnx/open-model.ts";
import type { Write } from "./errors.ts";

/** The folder of the model that is served: model.onnx, manifest.json and its report. */
export const RELEASED: string = join(import.meta.dirname, "..", "..", "policies", "qnet", "released");

export const isModelPolicy = (name: string): name is ModelPolicy => MODEL_POLICIES.some((one) => one === name);

/** What answers where nobody names a policy: the released model, or the rules where none is released. */
export const defaultPolicy = (released = RELEASED): string =>
  existsSync(join(released, MODEL_FILE)) ? "qnet" : "rules";

/**
 * The released model as this policy. Where it cannot be served the rules speak in its place, a person is asked about
 * everything that they propose, and stderr says why. @param options how its network runs
 */
export const servedModel = async (
  policy: ModelPolicy,
  writeError: Write,
  options: OpenOptions = {},
  released = RELEASED,
): Promise<Serving> => {
  const serving = await serve([released], { ...options, policy });
  if (serving.because !== null)
    writeError(
      `quell: ${policy} cannot be served: ${serving.because.detail}; the rules rank in its place, and people are asked\n`,
    );
  return serving;
};
