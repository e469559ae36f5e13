import { join } from "node:path";
import { z } from "zod";
import { type ParityRow, parityOf } from "../adapters/onnx/parity.ts";
import { referenceHeads } from "../adapters/onnx/reference.ts";
import { readOutputs } from "../adapters/parquet/read-outputs.ts";
import { rawSceneOf } from "../rollout/model-properties.ts";
import type { ExitCode } from "./errors.ts";
import { BadInput } from "./errors.ts";
import { type GateLog, partsOf } from "./gate-log.ts";
import type { OpenedModel } from "./gate-model.ts";
import type { GateOptions } from "./gate-options.ts";
import { showing } from "./gate-steps.ts";
import type { Screen } from "./screen.ts";

/** Runs the package's Python, whose stdout nobody hears. */
export type RunPython = (args: readonly string[]) => Promise<ExitCode>;

/** So far two runtimes of one model may be apart in any output. */
export const PARITY_LIMIT = 1e-4;
/** JSON has no infinity: what is missing or not finite is this far apart. */
const AS_GOOD_AS_INFINITE = 1e9;

export const parityShape = z.strictObject({
  rows: z.int().min(0),
  worst: z.number().min(0),
  limit: z.number(),
  /** The largest difference of ONNX Runtime, and of the slow walk through the file, to torch. */
  onnxruntime: z.number().min(0),
  slow: z.number().min(0),
  output: z.string().nullable(),
});
export type ParityFound = Readonly<z.infer<typeof parityShape>>;

/** Compares three ways to run one model on rows of a log. */
export type MeasureParity = (
  options: Pick<GateOptions, "out" | "sizes" | "episodes" | "challenger">,
  log: GateLog,
  model: Pick<OpenedModel, "inference" | "file">,
  screen: Screen,
) => Promise<ParityFound>;

/** Torch, ONNX Runtime and the slow walk over the same rows. Throws BadInput where torch's side cannot be had. */
export const parityBy =
  (python: RunPython): MeasureParity =>
  async ({ out, sizes, episodes, challenger: { folder } }, log, { inference, file }, screen) => {
    const path = join(out, "outputs.parquet");
    const asked = { model: folder, episodes, rows: sizes.parityRows, out: path };
    const flags = Object.entries(asked).map(([name, value]) => `--${name}=${value}`);
    if ((await python(["-m", "qnet", "outputs", ...flags])) !== 0)
      throw new BadInput(
        `--challenger ${folder}: torch cannot say what it would answer; give the folder that \`qnet release\` wrote`,
      );
    const said = await readOutputs(path);
    const fast = await parityOf(rowsOf(log, said), inference.run);
    const slow = await showing(screen, said.size, "decisions walked through slowly", (ended) =>
      parityOf(rowsOf(log, said), (scene) => {
        ended();
        return referenceHeads(file, scene);
      }),
    );
    if (fast.rows !== said.size)
      throw new Error(`torch answered ${said.size} rows, ${fast.rows} of them are in the log`);
    const worse = slow.worst > fast.worst ? slow : fast;
    const finite = (worst: number): number => Math.min(worst, AS_GOOD_AS_INFINITE);
    return {
      ...{ rows: fast.rows, worst: finite(worse.worst), limit: PARITY_LIMIT, output: worse.output },
      ...{ onnxruntime: finite(fast.worst), slow: finite(slow.worst) },
    };
  };

const rowsOf = async function* (
  { source }: GateLog,
  said: Awaited<ReturnType<typeof readOutputs>>,
): AsyncGenerator<ParityRow> {
  for await (const rows of partsOf(source))
    for (const row of rows) {
      const heads = said.get(row.decision_id);
      if (heads !== undefined) yield { scene: rawSceneOf(row), heads: { ...heads, ood: [heads.ood] } };
    }
};
