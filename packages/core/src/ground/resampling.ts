/** How far a value reaches, and with which weight, where a grid is read between its positions. */
export interface ResamplingKernel {
  /** Distance from which on it is 0, in positions. */
  readonly support: number;
  at(distance: number): number;
}

/** Keys' a of the bicubic kernel (Keys 1981, eq. 15), as in Pillow and in PyTorch's `interpolate(antialias=True)`. */
const A = -0.5;

/** Kernels under Pillow's names. */
export const RESAMPLING_KERNELS = {
  bilinear: { support: 1, at: (x) => Math.max(1 - Math.abs(x), 0) },
  bicubic: {
    support: 2,
    at(signed) {
      const x = Math.abs(signed);
      if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
    },
  },
} as const satisfies Record<string, ResamplingKernel>;

/** Which inputs each output of an axis is made of. */
export interface AxisWeights {
  /** First input of each output. */
  readonly first: Int32Array;
  readonly counts: Int32Array;
  /** `most` places for each output; those of an output sum to 1. */
  readonly weights: Float64Array;
  readonly most: number;
}

/**
 * Weights of an axis that goes from `from` to `to` positions, with half-pixel centres. Where it becomes shorter the kernel
 * widens, so that every input counts: no aliasing. As Pillow's `Resample.c` and PyTorch's `interpolate(antialias=True)`.
 *
 * @param asked the first output that is asked for, and how many are
 */
export function axisWeights(
  kernel: ResamplingKernel,
  from: number,
  to: number,
  asked: { start?: number; length?: number } = {},
): AxisWeights {
  const { start = 0, length = to } = asked;
  const scale = from / to;
  const widened = Math.max(scale, 1);
  const support = kernel.support * widened;
  const most = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(length);
  const counts = new Int32Array(length);
  const weights = new Float64Array(length * most);
  for (let i = 0; i < length; i++) {
    const centre = (start + i + 0.5) * scale;
    const low = Math.max(Math.trunc(centre - support + 0.5), 0);
    const count = Math.min(Math.trunc(centre + support + 0.5), from) - low;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const weight = kernel.at((low + k - centre + 0.5) / widened);
      weights[i * most + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < count; k++) weights[i * most + k]! /= sum || 1;
    first[i] = low;
    counts[i] = count;
  }
  return { first, counts, weights, most };
}

/** Positions of a grid, row-major. */
export interface Grid {
  readonly height: number;
  readonly width: number;
}

/**
 * A grid at another size, each axis by itself, in float64.
 *
 * @param data [height, width, channels], row-major
 * @returns [to.height, to.width, channels]
 */
export function resampleGrid(
  data: ArrayLike<number>,
  from: Grid,
  to: Grid,
  kernel: ResamplingKernel = RESAMPLING_KERNELS.bicubic,
): Float64Array {
  const channels = data.length / (from.height * from.width);
  const row = from.width * channels;
  const tall = resampleAxis(
    data,
    [1, from.height, row],
    axisWeights(kernel, from.height, to.height),
  );
  const across = axisWeights(kernel, from.width, to.width);
  return resampleAxis(tall, [to.height, from.width, channels], across);
}

/** The middle axis of [outer, length, inner] by its weights. */
function resampleAxis(
  data: ArrayLike<number>,
  [outer, length, inner]: readonly [number, number, number],
  { first, counts, weights, most }: AxisWeights,
): Float64Array {
  const out = new Float64Array(outer * first.length * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < first.length; i++) {
      const to = (o * first.length + i) * inner;
      for (let k = 0; k < counts[i]!; k++) {
        const weight = weights[i * most + k]!;
        const at = (o * length + first[i]! + k) * inner;
        for (let c = 0; c < inner; c++) out[to + c]! += weight * data[at + c]!;
      }
    }
  return out;
}
