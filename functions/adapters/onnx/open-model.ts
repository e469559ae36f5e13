import type { Scorer } from "../../core/ports.ts";
import type { Draw } from "../../core/stages.ts";
import type { Inference } from "./inference.ts";
import { type IsolationOptions, isolatedInference } from "./isolated.ts";
import { type LoadedModel, loadModel, type RefusedModel } from "./load-model.ts";
import type { Manifest } from "./manifest.ts";
import { type ModelPolicy, onnxScorer } from "./onnx-scorer.ts";

export type OpenOptions = Readonly<{
  policy?: ModelPolicy;
  /** Whether only a model that passed the gate is taken. */
  gated?: boolean;
  /** The manifests' hashes of the only models that are taken. */
  pinned?: readonly string[];
  /**
   * In a process of its own with a deadline, as whatever answers alarms must; or in this thread, for logs and judgements
   * that have to come out the same however busy the machine is.
   */
  isolation?: IsolationOptions | "none";
  /** How it proposes; left out, the best, and within its manifest's tie where the owner has exploration switched on. */
  draw?: Draw;
  /** Another rank than its manifest's, for whoever compares ranks. */
  rank?: Manifest["rank"];
}>;
export type OpenModel = Readonly<{ kind: "open"; scorer: Scorer; manifest: Manifest; inference: Inference }>;

/** Runs the network of a model that was checked, from the bytes that were. May throw in this thread, never isolated. */
export const inferenceOf = async (
  { bytes, manifest }: LoadedModel,
  isolation: IsolationOptions | "none" = {},
): Promise<Inference> =>
  // Who runs it elsewhere does not load the runtime.
  isolation === "none"
    ? (await import("./session.ts")).openSession(bytes)
    : isolatedInference(bytes, manifest.shapes.members, isolation);

/** Opens the model of a folder as a policy. Why there is none is a value; it does not throw for what the folder holds. */
export const openModel = async (folder: string, options: OpenOptions = {}): Promise<OpenModel | RefusedModel> => {
  const { policy = "qnet", gated = true, pinned, isolation = {} } = options;
  const loaded = loadModel(folder, { gated, ...(pinned === undefined ? {} : { pinned }) });
  if (loaded.kind === "refused") return loaded;
  const inference = await inferenceOf(loaded, isolation);
  const { manifest } = loaded;
  const draw = options.draw ?? { epsilon: 0, delta: manifest.thresholds.tie };
  const ranked = { ...manifest, rank: options.rank ?? manifest.rank };
  return { kind: "open", manifest, inference, scorer: onnxScorer(policy, ranked, inference, draw) };
};
