export type DataType = 'float32' | 'int32' | 'bool';

/** A tensor on the host: what goes into a compiled step and comes out of it. Row-major. */
export interface NdArray {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Number of elements of a shape; 1 for a scalar. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A float32 array of `shape`, from values or filled with one number. */
export function float32(shape: readonly number[], values: ArrayLike<number> | number = 0): NdArray {
  const data =
    typeof values === 'number'
      ? new Float32Array(sizeOf(shape)).fill(values)
      : Float32Array.from(values);
  return { dtype: 'float32', shape, data };
}

/** An int32 array of `shape`. */
export const int32 = (shape: readonly number[], values: ArrayLike<number>): NdArray => ({
  dtype: 'int32',
  shape,
  data: Int32Array.from(values),
});

/** The single number of a one-element array. */
export const item = (array: NdArray): number => array.data[0] as number;

/** `[4, 17, 48]` as text. */
export const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** `float32 [4, 17, 48]`: type and shape of an array or tensor as text. */
export const kindText = ({
  dtype,
  shape,
}: {
  readonly dtype: string;
  readonly shape: readonly number[];
}): string => `${dtype} ${shapeText(shape)}`;

/** Entries `first` to before `next` of an array's first axis, as a view. */
export function rowsOf({ dtype, shape, data }: NdArray, first: number, next: number): NdArray {
  const [, ...rest] = shape;
  const width = sizeOf(rest);
  return {
    dtype,
    shape: [next - first, ...rest],
    data: data.subarray(first * width, next * width),
  };
}

/** Arrays of one kind, at least one, one after another on their first axis. */
export function joinRows(arrays: readonly NdArray[]): NdArray {
  const { dtype, shape, data: like } = arrays[0]!;
  const count = (of: (array: NdArray) => number) => arrays.reduce((n, array) => n + of(array), 0);
  const Data = like.constructor as Float32ArrayConstructor;
  const data = new Data(count((array) => array.data.length));
  let at = 0;
  for (const array of arrays) {
    data.set(array.data, at);
    at += array.data.length;
  }
  return { dtype, shape: [count((array) => array.shape[0]!), ...shape.slice(1)], data };
}

/**
 * Keeps the given indices of one axis, in their order.
 *
 * @param array any shape, e.g. [out, in]
 * @param axis 0 <= axis < rank
 */
export function gatherAxis(array: NdArray, axis: number, indices: ArrayLike<number>): NdArray {
  const outer = sizeOf(array.shape.slice(0, axis));
  const inner = sizeOf(array.shape.slice(axis + 1));
  const size = array.shape[axis] as number;
  const Data = array.data.constructor as Float32ArrayConstructor;
  const data = new Data(outer * indices.length * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < indices.length; i++) {
      const from = (o * size + (indices[i] as number)) * inner;
      data.set(array.data.subarray(from, from + inner), (o * indices.length + i) * inner);
    }
  }
  const shape = array.shape.with(axis, indices.length);
  return { dtype: array.dtype, shape, data };
}
