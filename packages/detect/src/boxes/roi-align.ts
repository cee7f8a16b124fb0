import { arange, stopGradient, type Tensor, tf } from '@kcr/core';
import { boxColumns } from './boxes.ts';

export interface RoiAlignOptions {
  /** Bins of the output, down and right. */
  size: readonly [number, number];
  /** Steps of the map to an image pixel: 1 / stride. */
  scale: number;
  /** Sampling points in a bin and axis; 0: as many as the bin has steps of the map, rounded up. Default 2. */
  samplingRatio?: number;
  /** Pixels are areas around their centres, as in Detectron2. Default true. */
  aligned?: boolean;
}

/**
 * How much each step of one axis of the map counts in each bin: bilinear interpolation at the bin's sampling points, and
 * their mean. Both are separable into the axes. Points beyond the map have the value of its border.
 *
 * @param from start of each region, in image pixels, [batch, regions, 1]
 * @returns [batch * regions, bins, length]
 */
function axisWeights(
  [from, to]: readonly [Tensor, Tensor],
  bins: number,
  length: number,
  { scale, samplingRatio = 2, aligned = true }: RoiAlignOptions,
): Tensor {
  const start = tf.sub(tf.mul(from, scale), aligned ? 0.5 : 0);
  const exact = tf.mul(tf.sub(to, from), scale);
  const bin = tf.div(aligned ? exact : tf.maximum(exact, 1), bins);
  // A region of the map's size has this many points in a bin; smaller ones have fewer.
  const most = samplingRatio || Math.ceil((length + 1) / bins);
  const count = tf.minimum(samplingRatio ? most : tf.ceil(bin), most);
  const four = (x: Tensor) => tf.reshape(x, [-1, 1, 1, 1]);
  const [place, point] = [arange([1, bins, 1, 1]), arange([1, 1, most, 1], 0.5)];
  const within = tf.div(tf.mul(four(bin), point), tf.maximum(four(count), 1));
  const at = tf.add(four(start), tf.add(tf.mul(four(bin), place), within));
  const used = tf.cast(tf.less(point, four(count)), 'float32');
  const clamped = tf.clipByValue(at, 0, length - 1);
  const near = tf.relu(tf.sub(1, tf.abs(tf.sub(clamped, arange([1, 1, 1, length])))));
  const sum = tf.sum(tf.mul(near, used), 2);
  return stopGradient(tf.div(sum, tf.maximum(tf.reshape(count, [-1, 1, 1]), 1)));
}

/**
 * Features of regions of any size as maps of one size (He et al. 2017), as torchvision computes them for boxes within the
 * image. As products with the weights of both axes it is differentiable by the maps; gradients do not pass to the boxes.
 *
 * @param maps [batch, height, width, channels]
 * @param boxes [batch, regions, 4], each image's own: left, top, right, bottom in image pixels
 * @param share a factor of each region, [batch, regions, 1]; absent: 1
 * @returns [batch * regions, size, size, channels]
 */
export function roiAlign(
  maps: Tensor,
  boxes: Tensor,
  options: RoiAlignOptions,
  share?: Tensor,
): Tensor {
  const [batch, mapHeight, mapWidth, channels] = maps.shape as [number, number, number, number];
  const [left, top, right, bottom] = boxColumns(boxes);
  const [height, width] = options.size;
  const regions = batch * boxes.shape[1]!;
  const even = axisWeights([top, bottom], height, mapHeight, options);
  const rows = share ? tf.mul(even, tf.reshape(share, [regions, 1, 1])) : even;
  const columns = axisWeights([left, right], width, mapWidth, options);
  const bands = tf.matMul(
    tf.reshape(rows, [batch, -1, mapHeight]),
    tf.reshape(maps, [batch, mapHeight, mapWidth * channels]),
  );
  // A product for each band: its weights are few, so repeating them costs less than turning the bands.
  const repeated = tf.tile(tf.expandDims(columns, 1), [1, height, 1, 1]);
  const bins = tf.matMul(
    tf.reshape(repeated, [regions * height, width, mapWidth]),
    tf.reshape(bands, [regions * height, mapWidth, channels]),
  );
  return tf.reshape(bins, [regions, height, width, channels]);
}
