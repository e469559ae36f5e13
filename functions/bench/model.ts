import { isolatedInference } from "../adapters/onnx/isolated.ts";
import { loadModel } from "../adapters/onnx/load-model.ts";
import { onnxScorer } from "../adapters/onnx/onnx-scorer.ts";
import { inferenceOf, type OpenModel, openModel } from "../adapters/onnx/open-model.ts";
import { RELEASED } from "../cli/released-model.ts";
import type { Scorer } from "../core/ports.ts";
import { type Measured, median, percentile, time } from "./measured.ts";

const CANDIDATES = 32;
const WARM_UP = 300;
const SAMPLES = 3000;
const ROUNDS = 9;

/** The released model as it is served; null, and said on stderr, where there is none. */
export const releasedModel = async (folder: string = RELEASED): Promise<OpenModel | null> => {
  const opened = await openModel(folder);
  if (opened.kind === "open") return opened;
  process.stderr.write(`no model is measured: ${opened.because.detail}\n`);
  return null;
};

type Vectors = Readonly<{ state: readonly number[]; candidates: readonly (readonly number[])[] }>;

/** A scene of that many candidates, no two alike; what a network computes takes as long whatever it is shown. */
const sceneFor = ({ manifest: { shapes } }: OpenModel, count: number): Vectors => ({
  state: Array.from({ length: shapes.S }, (_, i) => Math.sin(i)),
  candidates: Array.from({ length: count }, (_, k) => Array.from({ length: shapes.A }, (_, i) => Math.sin(i + k))),
});

/** The vectors of a decision to its scores: all that a model adds to it. */
const scoringTimes = async (scorer: Scorer, { state, candidates }: Vectors): Promise<readonly number[]> => {
  const times: number[] = [];
  for (let sample = 0; sample < WARM_UP + SAMPLES; sample += 1) {
    const startMs = performance.now();
    await scorer.score(state, candidates);
    if (sample >= WARM_UP) times.push(performance.now() - startMs);
  }
  return times;
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startMs = performance.now();
    await work();
    times.push(performance.now() - startMs);
  }
  return median(times);
};

/** What the model costs: to read and check, to start, to answer first, and to answer. */
export const modelFigures = async (model: OpenModel, folder: string = RELEASED): Promise<readonly Measured[]> => {
  const loaded = loadModel(folder);
  if (loaded.kind === "refused") throw new Error(loaded.because.detail);
  const { manifest } = model;
  const scene = sceneFor(model, CANDIDATES);
  const loadMs = await timed(async () => loadModel(folder));
  const firstMs = await timed(async () => {
    const inference = isolatedInference(loaded.bytes, manifest.shapes.members);
    await onnxScorer("qnet", manifest, inference, "best").score(scene.state, scene.candidates);
    await inference.close();
  });
  const here = await inferenceOf(loaded, "none");
  const inThread = await scoringTimes(onnxScorer("qnet", manifest, here, "best"), scene);
  const isolated = await scoringTimes(model.scorer, scene);
  await here.close();
  const name = `${CANDIDATES} candidates scored`;
  return [
    time("model read, hashed, walked and rehearsed", loadMs, null),
    time("process started to its first answer", firstMs, null),
    time(`${name} in this thread, p50`, percentile(inThread, 0.5), null),
    time(`${name} in this thread, p99`, percentile(inThread, 0.99), 1),
    time(`${name} in a process of its own, p50`, percentile(isolated, 0.5), null),
    time(`${name} in a process of its own, p99`, percentile(isolated, 0.99), null),
  ];
};
