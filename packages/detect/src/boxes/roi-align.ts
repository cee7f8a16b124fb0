import { constant, range, stopGradient, type Tensor, tf } from '@kcr/core';

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

const steps = (n: number, shape: number[], offset = 0): Tensor =>
  constant({ dtype: 'float32', shape, data: Float32Array.from(range(n), (i) => i + offset) });

/**
 * How much each step of one axis of the map counts in each bin: bilinear interpolation at the bin's sampling points, and
 * their mean. Both are separable into the axes. Points beyond the map have the value of its border.
 *
 * @param from start of each region, in image pixels, [regions, 1]
 * @returns [regions, bins, length]
 */
function axisWeights(
  from: Tensor,
  to: Tensor,
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
  const [place, point] = [steps(bins, [1, bins, 1, 1]), steps(most, [1, 1, most, 1], 0.5)];
  const within = tf.div(tf.mul(four(bin), point), tf.maximum(four(count), 1));
  const at = tf.add(four(start), tf.add(tf.mul(four(bin), place), within));
  const used = tf.cast(tf.less(point, four(count)), 'float32');
  const clamped = tf.clipByValue(at, 0, length - 1);
  const near = tf.relu(tf.sub(1, tf.abs(tf.sub(clamped, steps(length, [1, 1, 1, length])))));
  const sum = tf.sum(tf.mul(near, used), 2);
  return stopGradient(tf.div(sum, tf.reshape(tf.maximum(count, 1), [-1, 1, 1])));
}

/** 1 for the regions of image `n`, else 0: [regions, 1, 1]. */
const ofImage = (images: Tensor, n: number): Tensor =>
  tf.reshape(tf.cast(tf.equal(tf.cast(images, 'float32'), n), 'float32'), [-1, 1, 1]);

/**
 * Features of regions of any size as maps of one size (He et al. 2017), as torchvision computes them for boxes within the
 * image. As products with the weights of both axes it is differentiable by the maps; gradients do not pass to the boxes.
 *
 * @param maps [batch, height, width, channels]
 * @param boxes [regions, 4]: left, top, right, bottom in image pixels
 * @param images int32 [regions]: the image of each region
 * @returns [regions, size, size, channels]
 */
export function roiAlign(
  maps: Tensor,
  boxes: Tensor,
  images: Tensor,
  options: RoiAlignOptions,
): Tensor {
  const [batch, mapHeight, mapWidth, channels] = maps.shape as [number, number, number, number];
  const [left, top, right, bottom] = tf.split(boxes, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const [height, width] = options.size;
  const rows = axisWeights(top, bottom, height, mapHeight, options);
  const columns = axisWeights(left, right, width, mapWidth, options);
  const regions = boxes.shape[0]!;
  const bands = Array.from({ length: batch }, (_, n) => {
    const image = tf.slice(maps, [n, 0, 0, 0], [1, mapHeight, mapWidth, channels]);
    const own = tf.reshape(tf.mul(rows, ofImage(images, n)), [regions * height, mapHeight]);
    return tf.matMul(own, tf.reshape(image, [mapHeight, mapWidth * channels]));
  }).reduce((sum, part) => tf.add(sum, part));
  const across = tf.transpose(
    tf.reshape(bands, [regions, height, mapWidth, channels]),
    [0, 2, 1, 3],
  );
  const both = tf.matMul(columns, tf.reshape(across, [regions, mapWidth, height * channels]));
  return tf.transpose(tf.reshape(both, [regions, width, height, channels]), [0, 2, 1, 3]);
}
