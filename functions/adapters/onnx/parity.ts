import { type Heads, MASKED, OUTPUT_NAMES, type Scene } from "./inference.ts";

/** One logged scene, and what another runtime said of it. */
export type ParityRow = Readonly<{ scene: Scene; heads: Heads }>;
/** How far two runtimes are apart: the largest absolute difference of any output over all rows, and where. */
export type Parity = Readonly<{ rows: number; worst: number; output: keyof Heads | null; row: number | null }>;

/** Runs scenes through a network that has one. @param run `inference.run`, or the slow reference */
export type Run = (scene: Scene) => Promise<Heads> | Heads;

/**
 * Compares every output of every row. A missing or surplus number, one that is not finite on either side, and a masked
 * candidate whose log_pi_b is not exactly -40 count as infinitely far apart.
 * @param parityRows read one by one: ten thousand rows need not be in memory
 */
export const parityOf = async (
  parityRows: Iterable<ParityRow> | AsyncIterable<ParityRow>,
  run: Run,
): Promise<Parity> => {
  let found: Parity = { rows: 0, worst: 0, output: null, row: null };
  for await (const { scene, heads } of parityRows) {
    const own = await run(scene);
    for (const output of OUTPUT_NAMES) {
      const distance = Math.max(apart(own[output], heads[output]), output === "log_pi_b" ? unmasked(own, scene) : 0);
      if (distance > found.worst) found = { ...found, worst: distance, output, row: found.rows };
    }
    found = { ...found, rows: found.rows + 1 };
  }
  return found;
};

/** Compares two runtimes of the same model over scenes alone. */
export const parityBetween = async (
  scenes: Iterable<Scene> | AsyncIterable<Scene>,
  run: Run,
  other: Run,
): Promise<Parity> => {
  const rows = async function* (): AsyncGenerator<ParityRow> {
    for await (const scene of scenes) yield { scene, heads: await other(scene) };
  };
  return parityOf(rows(), run);
};

const apart = (own: ArrayLike<number>, other: ArrayLike<number>): number => {
  if (own.length !== other.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < own.length; i += 1) {
    const distance = Math.abs((own[i] ?? Number.NaN) - (other[i] ?? Number.NaN));
    worst = Math.max(worst, Number.isFinite(distance) ? distance : Number.POSITIVE_INFINITY);
  }
  return worst;
};

const unmasked = ({ log_pi_b }: Heads, { allowed }: Scene): number =>
  allowed.every((isAllowed, k) => isAllowed || log_pi_b[k] === MASKED) ? 0 : Number.POSITIVE_INFINITY;
