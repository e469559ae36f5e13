import { CANDIDATE_FEATURES, STATE_FEATURES } from "../../core/features.ts";
import type { Budget } from "./broadcast.ts";
import { MASKED, OUTPUT_NAMES, type Scene, shapeOf } from "./inference.ts";
import type { Manifest } from "./manifest.ts";
import type { ModelFile } from "./model-file.ts";
import { OPERATORS } from "./operators.ts";
import { evaluate } from "./reference.ts";
import type { Declared, Tensor } from "./tensor.ts";
import { Malformed } from "./wire.ts";

/** Axes of the inputs: B scenes and K candidates, both of any size. */
const inputsFor = ({ S, A }: Manifest["shapes"]): readonly Declared[] => [
  { name: "state", type: "float", dims: [null, S] },
  { name: "candidates", type: "float", dims: [null, null, A] },
  { name: "mask", type: "bool", dims: [null, null] },
];

/**
 * What the rehearsal of two candidates may make: ten times what the largest network needs whose weights fit into a file
 * that is let in. Sizes grow at most with the square of the candidates, of which there are never more than some dozens.
 */
const rehearsalBudget = (): Budget => ({ numbers: 5_000_000, products: 50_000_000 });

/**
 * Why this network is not one that these shapes describe, or null. It is played once, slowly, for two candidates: what it
 * makes must have the right shapes, stay small, be finite, and treat a masked candidate as agreed.
 */
export const checkModelFile = (file: ModelFile, shapes: Manifest["shapes"]): string | null => {
  const own = { S: STATE_FEATURES.length, A: CANDIDATE_FEATURES.length };
  if (shapes.S !== own.S || shapes.A !== own.A)
    return `the model reads ${shapes.S} and ${shapes.A} features, here are ${own.S} and ${own.A}`;
  const stranger = file.steps.find(({ op }) => !OPERATORS.has(op));
  if (stranger !== undefined) return `the network has an operator ${stranger.op}, which no model here may have`;
  return undeclared(file, shapes) ?? rehearsed(file, shapes);
};

const isSame = (a: Declared, b: Declared): boolean => a.type === b.type && String(a.dims) === String(b.dims);

const undeclared = (file: ModelFile, shapes: Manifest["shapes"]): string | null => {
  const wanted = inputsFor(shapes);
  const odd = wanted.find((one) => !file.inputs.some((own) => own.name === one.name && isSame(own, one)));
  if (odd !== undefined) return `the network has no input ${odd.name} of the shape that its manifest says`;
  if (file.inputs.length !== wanted.length) return `the network has ${file.inputs.length} inputs, not ${wanted.length}`;
  const missing = OUTPUT_NAMES.find((name) => !file.outputs.some((own) => own.name === name && own.type === "float"));
  if (missing !== undefined) return `the network has no output ${missing}`;
  return file.outputs.length === OUTPUT_NAMES.length
    ? null
    : `the network has ${file.outputs.length} outputs, not ${OUTPUT_NAMES.length}`;
};

const REHEARSED = 2;

const rehearsed = (file: ModelFile, { S, A, members }: Manifest["shapes"]): string | null => {
  const zeros = (length: number): readonly number[] => Array.from({ length }, () => 0);
  const scene: Scene = { state: zeros(S), candidates: [zeros(A), zeros(A)], allowed: [true, false] };
  try {
    const outputs = evaluate(file, scene, rehearsalBudget());
    for (const name of OUTPUT_NAMES) {
      const dims = shapeOf(name, members, REHEARSED);
      const output: Tensor | undefined = outputs.get(name);
      if (String(output?.dims) !== String(dims))
        return `the output ${name} has the shape [${output?.dims}], not [${dims}]`;
      if (output?.values.every(Number.isFinite) !== true) return `the output ${name} is not finite for an empty scene`;
    }
    return outputs.get("log_pi_b")?.values[1] === MASKED ? null : `a masked candidate's log_pi_b is not ${MASKED}`;
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
};
