import { POLICIES } from "../../core/policies.ts";
import type { Scorer } from "../../core/ports.ts";
import { type AbstainedCode, type Because, because } from "../../core/reasons.ts";
import { type OpenModel, type OpenOptions, openModel } from "./open-model.ts";

/** What decides, and why it is not the model that was asked for; null where it is. */
export type Serving = Readonly<{ scorer: Scorer; model: OpenModel | null; because: Because<AbstainedCode> | null }>;

/** Nothing beyond this scorer is held against these: it only asks. */
const NO_LIMITS = {
  ...{ m: 0, delta: 0, support: 0, distance: 0, approval: [] },
  tiers: ([0, 1, 2, 3] as const).map((tier) => ({ tier, maxHarm: 1 })),
};

/** The catalogue's rules rank, and a person is asked about everything that they would do. Throws where there are no rules. */
export const askingRules = (why: Because<AbstainedCode>): Scorer => {
  const { rules } = POLICIES;
  if (rules === undefined) throw new RangeError("there is no policy called rules");
  return { ...rules, limits: { ...NO_LIMITS, asks: why } };
};

/**
 * The first of these folders whose model may be served; else the model that was served last and is still in memory; else
 * the rules, which then ask about everything. Never throws for what a folder holds.
 */
export const serve = async (
  folders: readonly string[],
  options: OpenOptions = {},
  last: Serving | null = null,
): Promise<Serving> => {
  let why: Because<AbstainedCode> | null = null;
  for (const folder of folders) {
    const opened = await openedIn(folder, options);
    if (opened.kind === "open") return { scorer: opened.scorer, model: opened, because: why };
    why ??= opened.because;
  }
  why ??= because("no-model", "no model was named");
  if (last?.model !== null && last !== null) return { ...last, because: why };
  return { scorer: askingRules(why), model: null, because: why };
};

/** A model that passes every check and that ONNX Runtime still cannot open is refused like any other. */
const openedIn = async (folder: string, options: OpenOptions): ReturnType<typeof openModel> => {
  try {
    return await openModel(folder, options);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return {
      kind: "refused",
      because: because("model-mismatch", `the model cannot be opened: ${detail.slice(0, 150)}`),
    };
  }
};
