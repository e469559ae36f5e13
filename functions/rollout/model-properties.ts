import { sha256 } from "../core/ids.ts";
import type { Logged } from "../core/replay-choose.ts";
import { vectorsOf } from "../core/replay-choose.ts";

/** A scene as a model reads it; `allowed` is false for what the guard refused. */
export type RawScene = Readonly<{
  state: readonly number[];
  candidates: readonly (readonly number[])[];
  allowed: readonly boolean[];
}>;

/** What a model says of one scene, raw: [M][K] row-major for M members and K candidates, [K] for log_pi_b, [1] for ood. */
export type RawOutputs = Readonly<
  Record<"q" | "value" | "p_recover" | "p_harm" | "log_pi_b" | "ood", ArrayLike<number>>
>;

/** Runs the network on one scene. */
export type RunRaw = (scene: RawScene) => Promise<RawOutputs>;

/** How many scenes were played and in how many a property did not hold; the first of those by its place. */
export type PropertyFound = Readonly<{ scenes: number; failures: number; first: number | null }>;

/** Rounding of a float32 sum whose parts come in another order. */
const SAME_WITHIN = 1e-5;
/** ln of the probability of what may not be done, by the contract of the file. */
const MASKED = -40;
const PER_CANDIDATE = ["q", "value", "p_recover", "p_harm"] as const;

/** The scene of a row. */
export const rawSceneOf = (row: Logged): RawScene => ({
  state: row.state,
  candidates: vectorsOf(row),
  allowed: row.allowed,
});

/** Whatever the order of the candidates, each has the same numbers. @param ended hears of each scene */
export const permutationHolds = async (
  scenes: readonly RawScene[],
  run: RunRaw,
  ended: () => void = () => {},
): Promise<PropertyFound> =>
  counted(scenes, ended, async (scene, place) => {
    const order = shuffled(scene.candidates.length, `permutation ${place}`);
    const turned = { ...scene, ...takenFrom(scene, order) };
    const [plain, moved] = [tableOf(await run(scene), scene), tableOf(await run(turned), turned)];
    return isSame(moved.scene, plain.scene) && order.every((from, to) => isSame(moved.each[to], plain.each[from]));
  });

/**
 * What may not be done has the log probability that says so, and neither its numbers nor its presence changes those of any
 * other candidate. Where nothing was refused, an effect is masked for the occasion.
 */
export const maskHolds = async (
  scenes: readonly RawScene[],
  run: RunRaw,
  ended: () => void = () => {},
): Promise<PropertyFound> =>
  counted(scenes, ended, async (scene, place) => {
    const masked = withOneMasked(scene, place);
    const changed = {
      ...masked,
      candidates: masked.candidates.map((vector, k) => (masked.allowed[k] === true ? vector : vector.map(otherThan))),
    };
    const kept = masked.allowed.flatMap((may, k) => (may ? [k] : []));
    const shorter = { ...masked, ...takenFrom(masked, kept) };
    const [plain, other, short] = [
      tableOf(await run(masked), masked),
      tableOf(await run(changed), changed),
      tableOf(await run(shorter), shorter),
    ];
    const isBarred = masked.allowed.every((may, k) => may || plain.logPi[k] === MASKED);
    const isLeftAlone = kept.every((k) => isSame(other.each[k], plain.each[k]));
    const isNotMissed = kept.every((k, at) => isSame(short.each[at], plain.each[k]));
    return isBarred && isLeftAlone && isNotMissed && isSame(other.scene, plain.scene);
  });

type Table = Readonly<{
  /** For each candidate all numbers of it. */
  each: readonly (readonly number[])[];
  logPi: readonly number[];
  scene: readonly number[];
}>;

const tableOf = (outputs: RawOutputs, { candidates: { length: K } }: RawScene): Table => {
  const logPi = Array.from(outputs.log_pi_b);
  const each = Array.from({ length: K }, (_, k) => [
    ...PER_CANDIDATE.flatMap((name) => ofCandidate(outputs[name], k, K)),
    logPi[k] ?? Number.NaN,
  ]);
  return { each, logPi, scene: outputs.ood.length === 1 ? Array.from(outputs.ood) : [Number.NaN] };
};

/** What every member says of one candidate; not a number where there are not as many for each. */
const ofCandidate = (numbers: ArrayLike<number>, k: number, K: number): readonly number[] =>
  numbers.length % K === 0 ? Array.from(numbers).filter((_, place) => place % K === k) : [Number.NaN];

const isSame = (a: readonly number[] | undefined, b: readonly number[] | undefined): boolean =>
  a !== undefined && a.length === b?.length && a.every((one, i) => Math.abs(one - (b[i] ?? Number.NaN)) <= SAME_WITHIN);

const takenFrom = (scene: RawScene, order: readonly number[]): Pick<RawScene, "candidates" | "allowed"> => ({
  candidates: order.map((from) => scene.candidates[from] ?? []),
  allowed: order.map((from) => scene.allowed[from] === true),
});

/** Another value than the one that stands there, of the size that features have. */
const otherThan = (value: number): number => (value === 0 ? 1 : -value);

const withOneMasked = (scene: RawScene, place: number): RawScene => {
  if (scene.allowed.includes(false)) return scene;
  const masked = place % scene.allowed.length;
  return scene.allowed.length < 2 ? scene : { ...scene, allowed: scene.allowed.map((_, k) => k !== masked) };
};

/** Indices from 0 in an order that follows from the name. */
const shuffled = (length: number, name: string): readonly number[] => {
  const keys = Array.from({ length }, (_, index) => sha256(`${name}/${index}`));
  return keys.map((_, index) => index).sort((a, b) => ((keys[a] ?? "") < (keys[b] ?? "") ? -1 : 1));
};

const counted = async (
  scenes: readonly RawScene[],
  ended: () => void,
  holds: (scene: RawScene, place: number) => Promise<boolean>,
): Promise<PropertyFound> => {
  let [failures, first]: [number, number | null] = [0, null];
  for (const [place, scene] of scenes.entries()) {
    const isHeld = await holds(scene, place);
    ended();
    if (isHeld) continue;
    failures += 1;
    first ??= place;
  }
  return { scenes: scenes.length, failures, first };
};
