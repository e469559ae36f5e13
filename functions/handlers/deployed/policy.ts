import { join } from "node:path";
import { serve } from "../../adapters/onnx/fallback.ts";
import type { Note } from "../../adapters/telemetry/logger.ts";
import type { Configuration } from "../../core/configuration.ts";
import { once } from "../../core/once.ts";
import { POLICIES } from "../../core/policies.ts";
import type { Scorer } from "../../core/ports.ts";

/** The bundle has the model, and the program that runs its network in a process of its own, beside it. */
const BESIDE = import.meta.dirname;
const MODELS = [join(BESIDE, "released"), join(BESIDE, "released", "last-good")];

/**
 * Who chooses, by name. The model is read and checked when it is first needed; where it cannot be served, the rules rank
 * and a person is asked about everything that they would do. @param pinned the manifests' hashes of those that were
 * deployed: no other is taken, though all about it is whole
 */
export const scorers = (
  note: Note,
  pinned: readonly string[],
): ((name: Configuration["policy"]) => Promise<Scorer>) => {
  const qnet = once(async () => {
    const isolation = { program: join(BESIDE, "session-process.mjs") };
    const serving = await serve(MODELS, { policy: "qnet", pinned, isolation });
    if (serving.because !== null) note("error", `the model is not served: ${serving.because.detail}`);
    return serving.scorer;
  });
  return async (name) => (name === "qnet" ? qnet() : ruleScorer());
};

const ruleScorer = (): Scorer => {
  const { rules } = POLICIES;
  if (rules === undefined) throw new RangeError("there is no policy called rules");
  return rules;
};
