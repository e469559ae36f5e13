import type { Budget } from "./broadcast.ts";
import { type Heads, headsFrom, packed, type Scene } from "./inference.ts";
import type { ModelFile } from "./model-file.ts";
import { resultOf } from "./operators.ts";
import type { Tensor } from "./tensor.ts";
import { Malformed } from "./wire.ts";

const NO_LIMIT: Budget = { numbers: Number.POSITIVE_INFINITY, products: Number.POSITIVE_INFINITY };

const sceneTensors = ({ state, candidates, allowed }: Scene): ReadonlyMap<string, Tensor> => {
  const [K, A] = [candidates.length, candidates[0]?.length ?? 0];
  return new Map<string, Tensor>([
    ["state", { type: "float", dims: [1, state.length], values: Float64Array.from(packed([state])) }],
    ["candidates", { type: "float", dims: [1, K, A], values: Float64Array.from(packed(candidates)) }],
    ["mask", { type: "bool", dims: [1, K], values: Float64Array.from(allowed, (one) => (one ? 1 : 0)) }],
  ]);
};

/**
 * Walks the network of a file step by step in double precision: slow, and as plain as its definition. The features are
 * rounded to 32 bits, as the model gets them. Throws Malformed for a step that it may not have, and where the budget ends.
 */
export const evaluate = (
  file: ModelFile,
  scene: Scene,
  budget: Budget = { ...NO_LIMIT },
): ReadonlyMap<string, Tensor> => {
  const values = new Map<string, Tensor>([...file.initializers, ...sceneTensors(scene)]);
  for (const step of file.steps) {
    const inputs = step.inputs.map((name) => (name === "" ? null : (values.get(name) ?? null)));
    const result = resultOf(step, inputs, budget);
    for (const name of step.outputs) values.set(name, result);
  }
  return new Map(file.outputs.map(({ name }) => [name, values.get(name) ?? missing(name)]));
};

const missing = (name: string): never => {
  throw new Malformed(`nothing gives the output ${name}`);
};

/** What the network says of one scene, by the slow way. */
export const referenceHeads = (file: ModelFile, scene: Scene, budget?: Budget): Heads => {
  const outputs = evaluate(file, scene, budget);
  return headsFrom((name) => (outputs.get(name) ?? missing(name)).values);
};
