import type { Inference } from "../adapters/onnx/inference.ts";
import { loadModel } from "../adapters/onnx/load-model.ts";
import type { Manifest } from "../adapters/onnx/manifest.ts";
import type { ModelFile } from "../adapters/onnx/model-file.ts";
import { type ModelPolicy, onnxScorer } from "../adapters/onnx/onnx-scorer.ts";
import { inferenceOf } from "../adapters/onnx/open-model.ts";
import { hashOf } from "../core/ids.ts";
import type { Scorer } from "../core/ports.ts";
import type { Draw } from "../core/stages.ts";
import { BadInput } from "./errors.ts";

/** A model that lies in a folder, open for whoever judges it: what the gate has said of it is not asked. */
export type OpenedModel = Readonly<{
  manifest: Manifest;
  file: ModelFile;
  /** Runs in this thread, without a deadline: what comes out does not depend on how busy the machine is. */
  inference: Inference;
  /** The model's own policy, or what people would most likely do, which the model has learnt as well. */
  scorer: (of: ModelPolicy, draw: Draw) => Scorer;
  close: () => Promise<void>;
}>;

/** Opens model.onnx and manifest.json of a folder. Throws BadInput, which says why, where the pair is not whole. */
export const openModel = async (folder: string): Promise<OpenedModel> => {
  const loaded = loadModel(folder, { gated: false });
  if (loaded.kind === "refused")
    throw new BadInput(`${folder}: ${loaded.because.detail}; give a folder that \`quell release\` wrote`);
  const { manifest, file } = loaded;
  const inference = await inferenceOf(loaded, "none");
  const scorer = (of: ModelPolicy, draw: Draw) => onnxScorer(of, manifest, inference, draw);
  return { manifest, file, inference, scorer, close: inference.close };
};

/**
 * Hex sha256 of all that decides in a model's manifest: its weights' hash, and the rank, thresholds and calibration beside
 * them. The same weights with other thresholds are another policy.
 */
export const identityOf = (manifest: Manifest): string => {
  const { gate: _gate, report: _report, createdAt: _made, manifest_hash: _own, ...policy } = manifest;
  return hashOf(policy);
};
