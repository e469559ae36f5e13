import {
  type ModelFolder,
  openScoringServer,
  type ScoringServer,
  ScoringServerFailed,
} from "../adapters/python/scoring-server.ts";
import { FEATURES_HASH } from "../core/features.ts";
import type { Scorer } from "../core/ports.ts";
import type { Knowing } from "../rollout/evaluation-day.ts";
import { type AskModels, chooserOf } from "../rollout/evaluation-policies.ts";
import { type Learnt, scorerOf } from "../rollout/learnt-policy.ts";
import { BadInput } from "./errors.ts";
import type { EvaluationSpec } from "./evaluate-spec.ts";

/** Loads the model of a folder, whatever the gate said of it, to rank in this way. Throws BadInput where it cannot. */
export type LoadLearnt = (folder: string, rank: Learnt["rank"]) => Promise<Scorer>;

/** Every model of a spec that some policy of it needs. */
export type Models = Readonly<{ ask: AskModels; knowing: Knowing; close: () => Promise<void> }>;

/** Loads what the policies of a spec need. Throws BadInput where a model cannot be used. */
export const openModels = async (
  spec: EvaluationSpec,
  python: () => Promise<string>,
  load: LoadLearnt,
): Promise<Models> => {
  const scorers = await learntIn(spec, load);
  const server = await serverFor(spec, python);
  const limits = new Map(
    [...scorers].flatMap(([name, { limits }]) => (limits === undefined ? [] : [[modelNamed(name), limits] as const])),
  );
  const outlook = spec.outlook === null ? null : (scorers.get(`onnx:${spec.outlook}`) ?? null);
  return {
    ask: async (scene, names) => {
      const own = await Promise.all(
        names.flatMap((name) => {
          const scorer = scorers.get(name);
          return scorer === undefined ? [] : [scoresBy(scorer, scene).then((scores) => [name, scores] as const)];
        }),
      );
      const others = names.filter((name) => !scorers.has(name));
      const served = others.length === 0 ? [] : [...((await server?.score(scene, others)) ?? [])];
      return new Map([...own, ...served]);
    },
    knowing: { limits, outlook },
    close: async () => {
      await server?.close();
    },
  };
};

/** A scorer that throws is one that cannot score the scene. */
const scoresBy = async (scorer: Scorer, { state, candidates, verdicts }: Parameters<AskModels>[0]) => {
  try {
    return await scorer.score(state, candidates, verdicts);
  } catch {
    return null;
  }
};

const modelNamed = (scorer: string): string => scorer.replace(/^(onnx|clone):/, "").replace(/\+rank:.*$/, "");

/** A scorer for each model and way to rank, under its name among those that are asked. */
const learntIn = async (
  { judged, models, outlook }: EvaluationSpec,
  load: LoadLearnt,
): Promise<ReadonlyMap<string, Scorer>> => {
  const chosen = judged.map(chooserOf).filter((one) => one.kind === "learnt");
  const watched: readonly Pick<Learnt, "model" | "rank">[] = outlook === null ? [] : [{ model: outlook, rank: null }];
  const needed = new Map(
    [...chosen, ...watched].map(({ model, rank }) => [scorerOf({ model, rank }), { model, rank }]),
  );
  const scorers = new Map<string, Scorer>();
  for (const [name, { model, rank }] of needed) {
    const folder = models.find((one) => one.name === model)?.folder;
    if (folder !== undefined) scorers.set(name, await load(folder, rank));
  }
  return scorers;
};

/** The models of a spec behind one process; null where no policy needs one. Throws BadInput where they cannot be used. */
const serverFor = async (
  { judged, models }: EvaluationSpec,
  python: () => Promise<string>,
): Promise<ScoringServer | null> => {
  const choosers = judged.map(chooserOf);
  const needed = models.filter(({ name }) => choosers.some((one) => one.kind === "model" && one.model === name));
  if (needed.length === 0) return null;
  const server = await opened(needed, python);
  if (server.featuresHash === FEATURES_HASH) return server;
  await server.close();
  throw new BadInput(
    `the models were trained on features ${server.featuresHash}, and these are ${FEATURES_HASH}; train them again`,
  );
};

const opened = async (models: readonly ModelFolder[], python: () => Promise<string>): Promise<ScoringServer> => {
  try {
    return await openScoringServer({ python: await python(), models });
  } catch (cause) {
    if (cause instanceof ScoringServerFailed) throw new BadInput(cause.message, { cause });
    throw cause;
  }
};
