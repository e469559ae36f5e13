import { z } from "zod";
import { catalogue } from "../../runbooks/catalogue.ts";
import type { Scorer } from "../core/ports.ts";
import { type GoldenScene, playGolden, rowOfScene } from "../rollout/golden.ts";
import { maskHolds, permutationHolds, type RawScene, rawSceneOf } from "../rollout/model-properties.ts";
import { hashOfCode } from "./code-hash.ts";
import { BadInput } from "./errors.ts";
import { type GateLog, leaksIn, scenesIn } from "./gate-log.ts";
import type { OpenedModel } from "./gate-model.ts";
import type { GateOptions } from "./gate-options.ts";
import { type MeasureParity, parityShape } from "./gate-parity.ts";
import { type DoStep, showing } from "./gate-steps.ts";
import type { TargetPolicy } from "./score-policy.ts";
import type { Screen } from "./screen.ts";

const count = z.int().min(0);
const goldenShape = z.strictObject({
  scenes: count,
  forbiddenAutos: count,
  changed: count,
  /** Clusters of the scenes' days, so that nobody is judged by what was learnt from. */
  ids: z.array(z.string()),
  examples: z.array(z.string()),
});
const propertyShape = z.strictObject({ scenes: count, failures: count, first: z.int().nullable() });
const propertiesShape = z.strictObject({ permutation: propertyShape, mask: propertyShape });
const leaksShape = z.strictObject({ rows: count, differing: count, example: z.string() });

/** What TypeScript checks of a challenger, in the form in which the gate reads it. */
export type Checks = Readonly<{
  parity: z.infer<typeof parityShape> | null;
  golden: z.infer<typeof goldenShape>;
  permutation: z.infer<typeof propertyShape>;
  mask: z.infer<typeof propertyShape>;
  leaks: z.infer<typeof leaksShape>;
  model: Readonly<{ refused: string | null }>;
}>;

/** What is checked, opened once. */
export type Checked = Readonly<{
  options: GateOptions;
  log: GateLog;
  golden: Readonly<{ scenes: readonly GoldenScene[]; hash: string }>;
  challenger: TargetPolicy;
  champion: TargetPolicy;
  /** The challenger's; null where it has none. */
  model: OpenedModel | null;
  screen: Screen;
}>;

/** What every check is made by. */
const checksHash = (): string =>
  hashOfCode([
    "functions/core",
    "functions/adapters/onnx",
    "functions/adapters/parquet",
    "functions/rollout",
    "runbooks",
  ]);

/** Makes every check, each a step that a stopped run does not do again. Throws BadInput where one cannot be made. */
export const checksOf = async (checked: Checked, step: DoStep, measure: MeasureParity): Promise<Checks> => {
  const { options, log, golden, challenger, champion, model, screen } = checked;
  const code = checksHash();
  const leaks = await step({
    name: "leaks",
    from: { code, log: log.hash },
    shape: leaksShape,
    make: () => showing(screen, log.source.rows, "decisions", (ended) => leaksIn(log, ended)),
  });
  const played = await step({
    name: "golden",
    from: { code, golden: golden.hash, challenger: challenger.hash, champion: champion.hash },
    shape: goldenShape,
    make: () => goldenOf(golden.scenes, challenger.scorer, champion.scorer),
  });
  const { sizes } = options;
  const properties = await step({
    name: "properties",
    from: { code, golden: golden.hash, log: log.hash, challenger: challenger.hash, scenes: sizes.propertyScenes },
    shape: propertiesShape,
    make: () => propertiesOf(checked),
  });
  const parity =
    model === null
      ? null
      : await step({
          name: "parity",
          from: { code, log: log.hash, challenger: challenger.hash, rows: sizes.parityRows },
          shape: parityShape,
          make: () => measure(options, log, model, screen),
        });
  return { parity, golden: played, ...properties, leaks, model: { refused: null } };
};

const MOST_NAMED = 5;

const goldenOf = async (
  scenes: readonly GoldenScene[],
  challenger: Scorer,
  champion: Scorer,
): Promise<Checks["golden"]> => {
  const { forbiddenAutos, changed, unknown } = await playGolden(scenes, catalogue, challenger, champion);
  if (unknown.length > 0)
    throw new BadInput(
      `golden scene ${unknown[0]}: the catalogue no longer knows a candidate of it; ` +
        "record the scenes again with `node policies/qnet/write-golden.ts`",
    );
  return {
    ...{ scenes: scenes.length, forbiddenAutos: forbiddenAutos.length, changed },
    ids: [...new Set(scenes.map(({ cluster_id }) => cluster_id))],
    examples: forbiddenAutos.slice(0, MOST_NAMED),
  };
};

/** Of a model its raw outputs are compared; of a policy without one, its scores. */
const propertiesOf = async ({ options, log, golden, challenger, model, screen }: Checked) => {
  const scenes: RawScene[] = golden.scenes.map((scene) => rawSceneOf(rowOfScene(scene)));
  for await (const scene of scenesIn(log, options.sizes.propertyScenes)) scenes.push(scene);
  const run = model === null ? scoresAsOutputs(challenger.scorer) : model.inference.run;
  return showing(screen, 2 * scenes.length, "scenes", async (ended) => ({
    permutation: await permutationHolds(scenes, run, ended),
    mask: await maskHolds(scenes, run, ended),
  }));
};

const scoresAsOutputs =
  ({ score }: Scorer) =>
  async ({ state, candidates, allowed }: RawScene) => {
    const q = (await score(state, candidates)).map(({ q }) => q.mean);
    return {
      ...{ q, value: [], p_recover: [], p_harm: [], ood: [0] },
      log_pi_b: allowed.map((may) => (may ? 0 : -40)),
    };
  };
