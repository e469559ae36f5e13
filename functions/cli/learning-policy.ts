import { loadModel } from "../adapters/onnx/load-model.ts";
import type { Manifest } from "../adapters/onnx/manifest.ts";
import { defaultPolicy, RELEASED } from "./released-model.ts";

/** Which policy acts where nobody names one, and why; the released model's manifest where one can be read. */
export type ActingPolicy = Readonly<{
  acts: "qnet" | "rules";
  /** Whether a person is asked about all that it proposes. */
  asks: boolean;
  because: string;
  manifest: Manifest | null;
}>;

/** Reads the released model as whoever serves it does. Never throws. */
export const actingPolicy = (released: string = RELEASED): ActingPolicy => {
  if (defaultPolicy(released) !== "qnet")
    return { acts: "rules", asks: false, because: "no model is released", manifest: null };
  const served = loadModel(released);
  if (served.kind === "loaded") {
    const { evidence, gate } = served.manifest;
    const learnt = `learnt from ${evidence.decisions} ${evidence.source} decisions in ${evidence.incidents} incidents`;
    return { acts: "qnet", asks: false, because: `its gate: ${gate.verdict}; ${learnt}`, manifest: served.manifest };
  }
  const ungated = loadModel(released, { gated: false });
  return {
    acts: "rules",
    asks: true,
    because: `the released model cannot be served, so the rules rank and people are asked: ${served.because.detail}`,
    manifest: ungated.kind === "loaded" ? ungated.manifest : null,
  };
};
