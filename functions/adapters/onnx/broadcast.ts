import { sizeOf, type Tensor } from "./tensor.ts";
import { Malformed } from "./wire.ts";

/** What the steps of one evaluation may make at most, so that no file can fill the memory or take for ever. */
export type Budget = { numbers: number; products: number };

/** Takes what a step is about to make out of the budget. Throws Malformed where nothing is left. */
export const spend = (budget: Budget, dims: readonly number[], products = 0): void => {
  const size = sizeOf(dims);
  budget.numbers -= size;
  budget.products -= products;
  if (!(budget.numbers >= 0 && budget.products >= 0))
    throw new Malformed(`the network makes a tensor of [${dims}], more than a model of its size needs`);
};

/** Steps between neighbours of each dimension, row-major; 0 along a dimension that is repeated. */
const stridesIn = (dims: readonly number[], whole: readonly number[]): readonly number[] => {
  const missing = whole.length - dims.length;
  return whole.map((_, axis) => {
    const own = axis - missing;
    if (own < 0 || dims[own] === 1) return 0;
    return sizeOf(dims.slice(own + 1));
  });
};

/** The shape that both fit into (ONNX: multidirectional broadcasting). Throws Malformed where there is none. */
export const sharedShape = (a: readonly number[], b: readonly number[]): readonly number[] => {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - (rank - a.length)] ?? 1;
    const y = b[axis - (rank - b.length)] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Malformed(`shapes [${a}] and [${b}] do not go together`);
    return x === 1 ? y : x;
  });
};

/** For each element of the whole, in order, the place in a tensor of these dims that is repeated to fill it. */
export const placesIn = (dims: readonly number[], whole: readonly number[]): Int32Array => {
  const strides = stridesIn(dims, whole);
  const places = new Int32Array(sizeOf(whole));
  const at = whole.map(() => 0);
  let place = 0;
  for (let i = 0; i < places.length; i += 1) {
    places[i] = place;
    for (let axis = whole.length - 1; axis >= 0; axis -= 1) {
      const stride = strides[axis] ?? 0;
      const next = (at[axis] ?? 0) + 1;
      if (next < (whole[axis] ?? 1)) {
        at[axis] = next;
        place += stride;
        break;
      }
      place -= stride * (next - 1);
      at[axis] = 0;
    }
  }
  return places;
};

/** The value at a place; the places were made from the tensor's own shape. */
export const at = (values: Float64Array, place: number): number => values[place] ?? Number.NaN;

/** Element by element over tensors that are repeated to one shape. */
export const elementwise = (
  budget: Budget,
  type: Tensor["type"],
  tensors: readonly Tensor[],
  of: (...values: number[]) => number,
): Tensor => {
  const dims = tensors.map((one) => one.dims).reduce(sharedShape);
  spend(budget, dims);
  const places = tensors.map((one) => placesIn(one.dims, dims));
  const values = Float64Array.from({ length: sizeOf(dims) }, (_, i) =>
    of(...tensors.map((one, n) => at(one.values, places[n]?.[i] ?? 0))),
  );
  return { type, dims, values };
};

/** An axis counted from the front. Throws Malformed where there is none such. */
export const axisOf = (axis: number, rank: number): number => {
  const own = axis < 0 ? axis + rank : axis;
  if (!(own >= 0 && own < Math.max(rank, 1))) throw new Malformed(`a tensor of ${rank} dimensions has no axis ${axis}`);
  return own;
};
