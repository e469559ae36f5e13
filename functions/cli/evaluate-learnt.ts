import type { Inference } from "../adapters/onnx/inference.ts";
import { type LoadedModel, loadModel } from "../adapters/onnx/load-model.ts";
import { onnxScorer } from "../adapters/onnx/onnx-scorer.ts";
import { openSession } from "../adapters/onnx/session.ts";
import { BadInput } from "./errors.ts";
import type { LoadLearnt } from "./evaluate-models.ts";

/** Loads models of the disk for one evaluation: a folder is read once, however many ways there are to rank by it. */
export const learntLoader = (): LoadLearnt => {
  const opened = new Map<string, Promise<Readonly<{ model: LoadedModel; inference: Inference }>>>();
  return async (folder, rank) => {
    const open = opened.get(folder) ?? openModel(folder);
    opened.set(folder, open);
    const { model, inference } = await open;
    if (rank === "clone") return onnxScorer("clone", model.manifest, inference, "best");
    return onnxScorer("qnet", rank === null ? model.manifest : { ...model.manifest, rank }, inference, "best");
  };
};

/** In this process, unlike where incidents are decided upon: what hangs here delays a study and nobody's incident. */
const openModel = async (folder: string): Promise<Readonly<{ model: LoadedModel; inference: Inference }>> => {
  const model = loadModel(folder, { gated: false });
  if (model.kind === "refused") throw new BadInput(`${folder}: ${model.because.detail}; release the model again`);
  try {
    return { model, inference: await openSession(model.bytes) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`${folder}: the model cannot be run (${why}); release the model again`, { cause });
  }
};
