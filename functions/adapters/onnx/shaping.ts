import { at, axisOf, type Budget, placesIn, sharedShape, spend } from "./broadcast.ts";
import { sizeOf, type Tensor } from "./tensor.ts";
import { Malformed } from "./wire.ts";

/** The same numbers in another shape. Throws Malformed where the shape holds another number of them. */
const reshaped = (tensor: Tensor, dims: readonly number[]): Tensor => {
  if (dims.some((dim) => dim < 0) || sizeOf(dims) !== tensor.values.length)
    throw new Malformed(`a tensor of [${tensor.dims}] cannot have the shape [${dims}]`);
  return { ...tensor, dims };
};

/** ONNX Reshape-18: -1 is whatever is left, 0 is the dimension as it was unless `allowZero`. */
export const reshape = (tensor: Tensor, wanted: readonly number[], allowZero: boolean): Tensor => {
  const dims = wanted.map((dim, axis) => (dim === 0 && !allowZero ? (tensor.dims[axis] ?? 0) : dim));
  const rest = sizeOf(dims.filter((dim) => dim !== -1));
  return reshaped(
    tensor,
    dims.map((dim) => (dim === -1 ? tensor.values.length / rest : dim)),
  );
};

export const unsqueeze = (tensor: Tensor, axes: readonly number[]): Tensor => {
  const rank = tensor.dims.length + axes.length;
  const added = axes.map((axis) => axisOf(axis, rank));
  const kept = tensor.dims.values();
  const dims = Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : (kept.next().value ?? 1)));
  return reshaped(tensor, dims);
};

export const squeeze = (tensor: Tensor, axes: readonly number[]): Tensor => {
  const dropped = axes.map((axis) => axisOf(axis, tensor.dims.length));
  return reshaped(
    tensor,
    tensor.dims.filter((_, axis) => !dropped.includes(axis)),
  );
};

export const transpose = (budget: Budget, { type, dims, values }: Tensor, order: readonly number[]): Tensor => {
  const rank = dims.length;
  if (order.length !== rank || order.toSorted((a, b) => a - b).some((axis, i) => axis !== i))
    throw new Malformed(`[${order}] is no order of ${rank} dimensions`);
  const turned = order.map((axis) => dims[axis] ?? 1);
  spend(budget, turned);
  const strides = order.map((axis) => sizeOf(dims.slice(axis + 1)));
  const moved = new Float64Array(values.length);
  for (let i = 0; i < moved.length; i += 1) {
    let rest = i;
    let place = 0;
    for (let axis = rank - 1; axis >= 0; axis -= 1) {
      const length = turned[axis] ?? 1;
      place += (rest % length) * (strides[axis] ?? 0);
      rest = Math.floor(rest / length);
    }
    moved[i] = at(values, place);
  }
  return { type, dims: turned, values: moved };
};

export const concat = (budget: Budget, tensors: readonly Tensor[], along: number): Tensor => {
  const [first] = tensors;
  if (first === undefined) throw new Malformed("nothing is joined to nothing");
  const axis = axisOf(along, first.dims.length);
  const rest = (dims: readonly number[]): string => String(dims.toSpliced(axis, 1));
  if (tensors.some(({ dims, type }) => rest(dims) !== rest(first.dims) || type !== first.type))
    throw new Malformed("tensors of different shapes are joined");
  const length = tensors.reduce((sum, { dims }) => sum + (dims[axis] ?? 1), 0);
  const dims = first.dims.with(axis, length);
  spend(budget, dims);
  const inner = sizeOf(first.dims.slice(axis + 1));
  const values = new Float64Array(sizeOf(dims));
  let from = 0;
  for (const one of tensors) {
    const own = (one.dims[axis] ?? 1) * inner;
    for (let i = 0; i < one.values.length; i += 1)
      values[Math.floor(i / own) * length * inner + from + (i % own)] = at(one.values, i);
    from += own;
  }
  return { type: first.type, dims, values };
};

/** ONNX Gather-13. Throws Malformed where an index is outside. */
export const gather = (budget: Budget, data: Tensor, indices: Tensor, along: number): Tensor => {
  const axis = axisOf(along, data.dims.length);
  const length = data.dims[axis] ?? 1;
  const dims = [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)];
  spend(budget, dims);
  const inner = sizeOf(data.dims.slice(axis + 1));
  const count = indices.values.length;
  const values = new Float64Array(sizeOf(dims));
  for (let i = 0; i < values.length; i += 1) {
    const outer = Math.floor(i / (count * inner));
    const asked = at(indices.values, Math.floor(i / inner) % count);
    const index = asked < 0 ? asked + length : asked;
    if (!(index >= 0 && index < length)) throw new Malformed(`a row ${asked} is read where there are ${length}`);
    values[i] = at(data.values, (outer * length + index) * inner + (i % inner));
  }
  return { type: data.type, dims, values };
};

/** Matrices side by side (ONNX MatMul-13), each of at least two dimensions. */
export const matmul = (budget: Budget, a: Tensor, b: Tensor): Tensor => {
  const [rows, inner] = [a.dims.at(-2), a.dims.at(-1)];
  const [height, columns] = [b.dims.at(-2), b.dims.at(-1)];
  if (rows === undefined || columns === undefined || inner === undefined || inner !== height)
    throw new Malformed(`matrices of [${a.dims}] and [${b.dims}] have no product`);
  const [aStack, bStack] = [a.dims.slice(0, -2), b.dims.slice(0, -2)];
  const stack = sharedShape(aStack, bStack);
  const dims = [...stack, rows, columns];
  spend(budget, dims, sizeOf(dims) * inner);
  const [aPlaces, bPlaces] = [placesIn(aStack, stack), placesIn(bStack, stack)];
  const values = new Float64Array(sizeOf(dims));
  for (let one = 0; one < aPlaces.length; one += 1) {
    const aFrom = (aPlaces[one] ?? 0) * rows * inner;
    const bFrom = (bPlaces[one] ?? 0) * inner * columns;
    for (let row = 0; row < rows; row += 1)
      for (let column = 0; column < columns; column += 1) {
        let sum = 0;
        for (let k = 0; k < inner; k += 1)
          sum += at(a.values, aFrom + row * inner + k) * at(b.values, bFrom + k * columns + column);
        values[(one * rows + row) * columns + column] = sum;
      }
  }
  return { type: a.type, dims, values };
};

/** One number for each row along the axes, from all numbers of the row. */
export const reduced = (
  budget: Budget,
  tensor: Tensor,
  axes: readonly number[],
  keep: boolean,
  of: (row: readonly number[]) => number,
): Tensor => {
  const rank = tensor.dims.length;
  const gone = axes.length === 0 ? tensor.dims.map((_, axis) => axis) : axes.map((axis) => axisOf(axis, rank));
  const kept = tensor.dims.map((dim, axis) => (gone.includes(axis) ? 1 : dim));
  spend(budget, kept);
  const rows = Array.from({ length: sizeOf(kept) }, (): number[] => []);
  const places = placesIn(kept, tensor.dims);
  for (let i = 0; i < places.length; i += 1) rows[places[i] ?? 0]?.push(at(tensor.values, i));
  const dims = keep ? kept : tensor.dims.filter((_, axis) => !gone.includes(axis));
  return { type: tensor.type, dims, values: Float64Array.from(rows, of) };
};
