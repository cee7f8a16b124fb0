import type { NdArray } from '../ground/array.ts';
import { axisWeights, RESAMPLING_KERNELS } from '../ground/resampling.ts';
import { asFloat32, type Resize, resizeInputChannels } from './resize.ts';

/**
 * A patch embedding's convolution [d, channels, size, size], from one of other patches or for images of other channels. As timm's
 * `resample_patch_embed`, after FlexiViT (Beyer et al. 2023, sec. 3.4): the filter that gives on patches of the new size what the
 * old one gave on theirs, before these were resized; the pseudoinverse of bicubic resizing. The channels as
 * {@link resizeInputChannels}.
 *
 * @param size of a patch's side
 * @param channels of this model's images
 */
export const resizePatches =
  (size: number, channels: number): Resize =>
  (from, source) => {
    const old = from.shape[3] ?? 0;
    if (from.shape.length !== 4 || from.shape[2] !== old || old === 0) return undefined;
    const changed = old === size ? undefined : resampled(from, old, size);
    const channelled = resizeInputChannels(channels)(changed ?? from, source);
    if (!changed) return channelled;
    const [of, to] = channelled ? [`, ${channelled.from}`, `, ${channelled.to}`] : ['', ''];
    const array = channelled?.array ?? changed;
    return { array, from: `${old}x${old}${of}`, to: `${size}x${size}${to}` };
  };

function resampled({ shape, data }: NdArray, old: number, size: number): NdArray {
  const inverse = pseudoinverse(resizing(old, size));
  const [out, channels] = shape as [number, number];
  const moved = new Float64Array(out * channels * size * size);
  const between = new Float64Array(old * size);
  for (let filter = 0; filter < out * channels; filter++) {
    between.fill(0);
    for (let y = 0; y < old; y++)
      for (let x = 0; x < old; x++)
        for (let i = 0; i < size; i++)
          between[y * size + i]! += data[(filter * old + y) * old + x]! * inverse[x]![i]!;
    for (let y = 0; y < old; y++)
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++)
          moved[(filter * size + i) * size + j]! += inverse[y]![i]! * between[y * size + j]!;
  }
  return asFloat32([out, channels, size, size], moved);
}

/** The matrix [to, from] of bicubic resizing of an axis. */
function resizing(from: number, to: number): number[][] {
  const { first, counts, weights, most } = axisWeights(RESAMPLING_KERNELS.bicubic, from, to);
  return Array.from({ length: to }, (_, i) => {
    const row = Array<number>(from).fill(0);
    for (let k = 0; k < counts[i]!; k++) row[first[i]! + k] = weights[i * most + k]!;
    return row;
  });
}

const transposed = (a: readonly number[][]) => a[0]!.map((_, j) => a.map((row) => row[j]!));

const product = (a: readonly number[][], b: readonly number[][]) => {
  const columns = transposed(b);
  return a.map((row) =>
    columns.map((column) => row.reduce((sum, x, i) => sum + x * column[i]!, 0)),
  );
};

/** The Moore-Penrose inverse [n, m] of a matrix [m, n] of full rank. */
function pseudoinverse(a: readonly number[][]): number[][] {
  const back = transposed(a);
  if (a.length < back.length) return transposed(pseudoinverse(back));
  return solve(product(back, a), back);
}

/** The solution of `a x = b`, a symmetric and positive definite, by Gaussian elimination. */
function solve(a: readonly number[][], b: readonly number[][]): number[][] {
  const rows = a.map((row, i) => [...row, ...b[i]!]);
  rows.forEach((pivot, i) => {
    const scale = pivot[i]!;
    for (let j = i; j < pivot.length; j++) pivot[j]! /= scale;
    rows.forEach((row, k) => {
      const factor = row[i]!;
      if (k !== i && factor !== 0)
        for (let j = i; j < row.length; j++) row[j]! -= factor * pivot[j]!;
    });
  });
  return rows.map((row) => row.slice(a.length));
}
