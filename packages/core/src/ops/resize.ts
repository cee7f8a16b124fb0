import { type Tensor, tf } from '../tensor/tf.ts';
import { constant } from '../trace/tracer.ts';
import { defineOp } from './op.ts';

export const resampleOp = defineOp({
  name: 'Resample',
  inputs: ['x', 'matrix'],
  saved: ['matrix'],
  compute: ({ x, matrix }, { transposed }: { transposed: boolean }) => {
    const weights = transposed ? tf.transpose(matrix) : matrix;
    return tf.matMul(tf.expandDims(weights, 0), x);
  },
  gradient: ({ dy, matrix }, { transposed }) => ({
    x: () => resample(dy, matrix, !transposed),
  }),
});

/** matrix x, or its transpose times x, over axis 1 of x [batch, n, d]. */
const resample = (x: Tensor, matrix: Tensor, transposed: boolean): Tensor =>
  resampleOp({ x, matrix }, { transposed });

/** Weights [to, from] of bilinear interpolation with half-pixel centres (`align_corners=False`). */
export function bilinearWeights(from: number, to: number): Float32Array {
  const weights = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = Math.max(((i + 0.5) * from) / to - 0.5, 0);
    const low = Math.min(Math.floor(centre), from - 1);
    const high = Math.min(low + 1, from - 1);
    weights[i * from + low]! += 1 - (centre - low);
    weights[i * from + high]! += centre - low;
  }
  return weights;
}

/** Weights [to, from] of the nearest position (`mode='nearest'`). */
function nearestWeights(from: number, to: number): Float32Array {
  const weights = new Float32Array(to * from);
  for (let i = 0; i < to; i++) weights[i * from + Math.floor((i * from) / to)] = 1;
  return weights;
}

/** Weights [to, from] of means over bins that may overlap (`adaptive_avg_pool2d`). */
function averageWeights(from: number, to: number): Float32Array {
  const weights = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const [start, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
    weights.fill(1 / (end - start), i * from + start, i * from + end);
  }
  return weights;
}

/**
 * A linear map along each axis of a map, as a product with a small matrix, so that every engine runs and
 * differentiates it.
 */
const resizing =
  (weightsOf: (from: number, to: number) => Float32Array) =>
  (x: Tensor, size: readonly [number, number]): Tensor => {
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    const along = (value: Tensor, from: number, to: number) => {
      if (from === to) return value;
      const data = weightsOf(from, to);
      const matrix = constant({ dtype: 'float32', shape: [to, from], data });
      return resample(value, matrix, false);
    };
    const tall = along(tf.reshape(x, [batch, height, width * channels]), height, size[0]);
    const wide = along(tf.reshape(tall, [batch * size[0], width, channels]), width, size[1]);
    return tf.reshape(wide, [batch, ...size, channels]);
  };

/**
 * Bilinear resizing, as PyTorch's `interpolate(mode='bilinear', align_corners=False)`.
 *
 * @param x [batch, height, width, channels]
 * @returns [batch, size[0], size[1], channels]
 */
export const resizeBilinear = resizing(bilinearWeights);

/** Resizing to the nearest pixel, as PyTorch's `interpolate(mode='nearest')`; shapes as {@link resizeBilinear}. */
export const resizeNearest = resizing(nearestWeights);

/** Means over bins, as PyTorch's `adaptive_avg_pool2d`; shapes as {@link resizeBilinear}. */
export const adaptiveAveragePool = resizing(averageWeights);

/**
 * {@link resizeBilinear} of maps whose channels come first: for few channels, as class scores have them, the products are
 * larger and faster so.
 *
 * @param x [planes, height, width]
 * @returns [planes, size[0], size[1]]
 */
export function resizePlanes(x: Tensor, size: readonly [number, number]): Tensor {
  const [planes, height, width] = x.shape as [number, number, number];
  const weights = (from: number, to: number) =>
    constant({ dtype: 'float32', shape: [to, from], data: bilinearWeights(from, to) });
  const tall = height === size[0] ? x : resample(x, weights(height, size[0]), false);
  if (width === size[1]) return tall;
  const rows = tf.reshape(tall, [planes * size[0], width]) as tf.Tensor2D;
  const wide = tf.matMul(rows, weights(width, size[1]) as tf.Tensor2D, false, true);
  return tf.reshape(wide, [planes, ...size]);
}
