/** What a model reads: one scene of K candidates. Raw features; `allowed` is false for what the guard refused. */
export type Scene = Readonly<{
  state: ArrayLike<number>;
  candidates: readonly ArrayLike<number>[];
  allowed: readonly boolean[];
}>;

/** Vectors end to end as 32-bit floats. Throws RangeError where one is longer than the first. */
export const packed = (vectors: readonly ArrayLike<number>[]): Float32Array => {
  const width = vectors[0]?.length ?? 0;
  const floats = new Float32Array(vectors.length * width);
  for (const [index, vector] of vectors.entries()) {
    if (vector.length !== width) throw new RangeError(`vectors of ${width} and ${vector.length} numbers in one scene`);
    floats.set(vector, index * width);
  }
  return floats;
};

/** All that a model says of one scene, as it says it. M members, K candidates; [M][K] row-major. */
export type Heads = Readonly<{
  q: ArrayLike<number>;
  value: ArrayLike<number>;
  p_recover: ArrayLike<number>;
  p_harm: ArrayLike<number>;
  /** [K] ln of the calibrated probability that people do it; -40 where it is not allowed. */
  log_pi_b: ArrayLike<number>;
  /** [1] distance of the scene from those that were learnt from. */
  ood: ArrayLike<number>;
}>;

/** The outputs that a file has, by name, each with the axes of its shape: B scenes, M members, K candidates. */
export const OUTPUTS: Readonly<Record<keyof Heads, readonly ("B" | "M" | "K")[]>> = {
  q: ["B", "M", "K"],
  value: ["B", "M", "K"],
  p_recover: ["B", "M", "K"],
  p_harm: ["B", "M", "K"],
  log_pi_b: ["B", "K"],
  ood: ["B"],
};
export const OUTPUT_NAMES: readonly (keyof Heads)[] = ["q", "value", "p_recover", "p_harm", "log_pi_b", "ood"];

/** The shape of an output for one scene of K candidates and a model of M members. */
export const shapeOf = (output: keyof Heads, M: number, K: number): readonly number[] =>
  OUTPUTS[output].map((axis) => ({ B: 1, M, K })[axis]);

/** All outputs, each as it is found by its name. */
export const headsFrom = (head: (name: keyof Heads) => ArrayLike<number>): Heads => ({
  q: head("q"),
  value: head("value"),
  p_recover: head("p_recover"),
  p_harm: head("p_harm"),
  log_pi_b: head("log_pi_b"),
  ood: head("ood"),
});

/** What a masked candidate's log_pi_b is, exactly. */
export const MASKED = -40;

/** Something that runs the network. It may throw; what it has begun ends with `close`. */
export type Inference = Readonly<{ run: (scene: Scene) => Promise<Heads>; close: () => Promise<void> }>;
