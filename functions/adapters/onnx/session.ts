import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { type Heads, headsFrom, type Inference, OUTPUT_NAMES, packed, type Scene } from "./inference.ts";

/** One thread, no arena that keeps what a large scene once needed, no words on stderr below an error. */
const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  logSeverityLevel: 3,
};

const feedsOf = ({ state, candidates, allowed }: Scene): Record<string, Tensor> => {
  const [K, A] = [candidates.length, candidates[0]?.length ?? 0];
  return {
    state: new Tensor("float32", packed([state]), [1, state.length]),
    candidates: new Tensor("float32", packed(candidates), [1, K, A]),
    mask: new Tensor("bool", Uint8Array.from(allowed, Number), [1, K]),
  };
};

const headOf = (outputs: InferenceSession.OnnxValueMapType, name: keyof Heads): Float32Array => {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array)) throw new TypeError(`the model gave no floats for ${name}`);
  return data;
};

/**
 * Opens a session on these bytes, in this thread: a run blocks it and cannot be stopped. Throws what ONNX Runtime throws
 * where the bytes are no model to it.
 */
export const openSession = async (bytes: Uint8Array): Promise<Inference> => {
  env.logLevel = "error";
  const session = await InferenceSession.create(bytes, OPTIONS);
  return {
    run: async (scene) => {
      const outputs = await session.run(feedsOf(scene), OUTPUT_NAMES);
      return headsFrom((name) => headOf(outputs, name));
    },
    close: () => session.release(),
  };
};
