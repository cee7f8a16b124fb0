import { ensureMemory, openModule, type WithMemory } from '@kcr/core/ground';
import type { Pixels } from './image.ts';
import { RESAMPLE_KERNEL } from './resample-kernel.ts';

/** Which inputs each output of an axis is made of. */
export interface Coefficients {
  /** First input of each output. */
  readonly first: Int32Array;
  readonly counts: Int32Array;
  /** Weights in fixed point, `most` places for each output. */
  readonly weights: Int32Array;
  readonly most: number;
}

/** Functions of resample.wat. */
interface Kernel extends WithMemory {
  row(
    to: number,
    from: number,
    columns: number,
    first: number,
    counts: number,
    weights: number,
    most: number,
  ): void;
  column(to: number, from: number, length: number, weights: number, count: number): void;
}

/** Most bytes of memory: larger images take the slower way, so that none stay in it. */
const MOST = 2 ** 26;

let loaded: Kernel | undefined;

/** The kernel, with memory of so many bytes. */
function kernelOf(bytes: number): Kernel {
  loaded ??= openModule<Kernel>(RESAMPLE_KERNEL);
  ensureMemory(loaded, bytes);
  return loaded;
}

/** Places one after another in memory, each at a multiple of 16, with 16 bytes between for what is read beyond an end. */
function places(...lengths: number[]): number[] {
  let at = 0;
  return lengths.map((length) => {
    const start = at;
    at = Math.ceil((at + length + 16) / 16) * 16;
    return start;
  });
}

const sizesOf = ({ first, weights }: Coefficients) => [
  4 * first.length,
  4 * first.length,
  4 * weights.length,
];

/** Rows of an image from `top` and column `left` on, each with the columns of the coefficients; none where it is too large. */
export function fastRows(
  { data, shape: [, width, channels] }: Pixels,
  { left, top }: { left: number; top: number },
  rows: number,
  coefficients: Coefficients,
): Uint8Array | undefined {
  const { first, counts, weights, most } = coefficients;
  const columns = first.length;
  const needed = 3 * (rows * width + rows * columns) + 12 * weights.length + 2 ** 10;
  if (channels !== 3 || needed > MOST) return undefined;
  const [from, to, at, of, by, end] = places(
    3 * rows * width,
    3 * rows * columns,
    ...sizesOf(coefficients),
    0,
  ) as [number, number, number, number, number, number];
  const { memory, row } = kernelOf(end);
  const bytes = new Uint8Array(memory.buffer);
  const start = 3 * (top * width + left);
  // The last row ends with the image.
  const used = data.subarray(start, Math.min(start + 3 * rows * width, data.length));
  bytes.set(used, from);
  new Int32Array(memory.buffer, at, columns).set(first.map((pixel) => 3 * pixel));
  new Int32Array(memory.buffer, of, columns).set(counts);
  new Int32Array(memory.buffer, by, weights.length).set(weights);
  for (let y = 0; y < rows; y++)
    row(to + 3 * y * columns, from + 3 * y * width, columns, at, of, by, most);
  return bytes.slice(to, to + 3 * rows * columns);
}

/** The rows of the coefficients, of an image whose first row is row `top` of what they count; none where it is too large. */
export function fastColumns(
  { data, shape: [, width, channels] }: Pixels,
  top: number,
  coefficients: Coefficients,
): Uint8Array | undefined {
  const { first, counts, weights, most } = coefficients;
  const length = width * channels;
  if (data.length + first.length * length + 4 * weights.length + 2 ** 10 > MOST) return undefined;
  const [from, to, by, end] = places(data.length, first.length * length, 4 * weights.length, 0) as [
    number,
    number,
    number,
    number,
  ];
  const { memory, column } = kernelOf(end);
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(data, from);
  new Int32Array(memory.buffer, by, weights.length).set(weights);
  for (let y = 0; y < first.length; y++)
    column(
      to + y * length,
      from + (first[y]! - top) * length,
      length,
      by + 4 * y * most,
      counts[y]!,
    );
  return bytes.slice(to, to + first.length * length);
}
