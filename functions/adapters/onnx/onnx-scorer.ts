import type { Scorer } from "../../core/ports.ts";
import type { Draw, Estimate, Limits, Outlook, Score } from "../../core/stages.ts";
import { calibrated } from "./calibrated.ts";
import { type Heads, type Inference, MASKED, OUTPUT_NAMES, type Scene, shapeOf } from "./inference.ts";
import type { Manifest } from "./manifest.ts";
import { sizeOf } from "./tensor.ts";

/** Policies that a model file holds: the Q-network's rank, and what people most likely do. */
export const MODEL_POLICIES = ["qnet", "clone"] as const;
export type ModelPolicy = (typeof MODEL_POLICIES)[number];

/** The model said something that is no answer. The message says what, in one sentence. */
export class BadNumbers extends Error {
  override readonly name = "BadNumbers";
}

/** More candidates than any scene has: a longer list is a mistake of whoever asks. */
const MOST_CANDIDATES = 64;
/** A probability that the network rounds to a little more than 1 is one. */
const HAIR = 1e-5;

export const limitsOf = ({ thresholds, gate }: Manifest): Limits => ({
  m: thresholds.m,
  delta: thresholds.delta,
  support: thresholds.support,
  distance: thresholds.distance,
  tiers: thresholds.tiers,
  approval: gate.approval,
  asks: null,
});

/**
 * A model as a scorer. It throws where the model does not answer or answers what cannot be: choose then abstains. A scene
 * with a feature that is not finite is not shown to the model; its scores are not finite either.
 */
export const onnxScorer = (policy: ModelPolicy, manifest: Manifest, inference: Inference, draw: Draw): Scorer => ({
  policy,
  modelHash: manifest.model.sha256,
  draw,
  limits: limitsOf(manifest),
  score: async (state, candidates, verdicts) => {
    const allowed = candidates.map((_, k) => (verdicts?.[k]?.kind ?? "allowed") === "allowed");
    const scene = sceneFor(manifest, { state, candidates, allowed });
    if (scene === null) return candidates.map(() => ({ q: { mean: Number.NaN, sd: Number.NaN } }));
    if (candidates.length === 0) return [];
    const heads = await inference.run(scene);
    refuseBadNumbers(heads, manifest.shapes.members, scene);
    return scoresOf(policy, manifest, heads, allowed);
  },
});

const isReadable = (vector: ArrayLike<number>): boolean => {
  for (let i = 0; i < vector.length; i += 1) if (!Number.isFinite(Math.fround(vector[i] ?? Number.NaN))) return false;
  return true;
};

/** The scene as the model reads it; null where a number of it is not finite. What was refused may be: it is not read. */
const sceneFor = ({ shapes: { S, A } }: Manifest, { state, candidates, allowed }: Scene): Scene | null => {
  const lengths = [state.length - S, ...candidates.map((vector) => vector.length - A)];
  if (lengths.some((difference) => difference !== 0))
    throw new BadNumbers(`the scene has not the ${S} and ${A} features that the model reads`);
  if (candidates.length > MOST_CANDIDATES) throw new BadNumbers(`a scene of ${candidates.length} candidates`);
  if (!isReadable(state) || candidates.some((vector, k) => allowed[k] === true && !isReadable(vector))) return null;
  const nothing = Array.from({ length: A }, () => 0);
  return { state, candidates: candidates.map((vector) => (isReadable(vector) ? vector : nothing)), allowed };
};

const within = (values: ArrayLike<number>, least: number, most: number): boolean => {
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? Number.NaN;
    if (!(value >= least && value <= most && Number.isFinite(value))) return false;
  }
  return true;
};

const ANY = Number.POSITIVE_INFINITY;
const RANGES: Readonly<Record<keyof Heads, readonly [least: number, most: number]>> = {
  q: [-ANY, ANY],
  value: [-ANY, ANY],
  p_recover: [-HAIR, 1 + HAIR],
  p_harm: [-HAIR, 1 + HAIR],
  log_pi_b: [MASKED, HAIR],
  ood: [0, ANY],
};

const refuseBadNumbers = (heads: Heads, M: number, { candidates }: Scene): void => {
  for (const name of OUTPUT_NAMES) {
    const count = sizeOf(shapeOf(name, M, candidates.length));
    if (heads[name].length !== count) throw new BadNumbers(`the model gave ${heads[name].length} numbers of ${name}`);
    const [least, most] = RANGES[name];
    if (!within(heads[name], least, most)) throw new BadNumbers(`the model gave a number of ${name} that cannot be`);
  }
};

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const sdOf = (values: readonly number[]): number => {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
};

const unit = (value: number): number => Math.min(1, Math.max(0, value));

const scoresOf = (
  policy: ModelPolicy,
  manifest: Manifest,
  heads: Heads,
  allowed: readonly boolean[],
): readonly Score[] => {
  const K = allowed.length;
  const { rank, calibration, shapes } = manifest;
  const most = Math.max(...allowed.map((isAllowed, k) => (isAllowed ? (heads.log_pi_b[k] ?? MASKED) : MASKED)));
  const ofMembers = (values: ArrayLike<number>, k: number): readonly number[] =>
    Array.from({ length: shapes.members }, (_, m) => values[m * K + k] ?? Number.NaN);
  return allowed.map((isAllowed, k): Score => {
    // What was refused has no probability of its own; its rank then rests on what the network says of it alone.
    const behind = isAllowed ? (heads.log_pi_b[k] ?? MASKED) - most : 0;
    const values = ofMembers(heads.value, k);
    const qs = ofMembers(heads.q, k);
    const members =
      policy === "clone"
        ? qs.map(() => heads.log_pi_b[k] ?? MASKED)
        : qs.map((q, m) => rank.q * q + rank.value * (values[m] ?? Number.NaN) + rank.support * behind);
    const outlook: Outlook = {
      members,
      value: atMostNone(calibrated(calibration.value, meanOf(values))),
      recovers: calibrated(calibration.recover, unit(meanOf(ofMembers(heads.p_recover, k)))),
      harms: calibrated(calibration.harm, unit(meanOf(ofMembers(heads.p_harm, k)))),
      support: isAllowed ? unit(Math.exp(behind)) : 0,
      distance: heads.ood[0] ?? Number.NaN,
    };
    return { q: { mean: meanOf(members), sd: sdOf(members) }, outlook };
  });
};

/** A return is minus a cost: what calibration puts a hair above 0 is 0. */
const atMostNone = ({ mean, low, high }: Estimate): Estimate => ({
  mean: Math.min(0, mean),
  low: Math.min(0, low),
  high: Math.min(0, high),
});
