import { arange, defineOp, stopGradient, type Tensor, tf } from '@kcr/core';
import type { OnnxBuilder } from '@kcr/onnx';
import { boxColumns } from './boxes.ts';
import { forBands, regionSum } from './region-sum.ts';

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
 * their mean. Both are separable into the axes. Points beyond the map have the
 * value of its border up to one step from the outermost centre, and 0 farther off.
 *
 * @param from start of each region, in image pixels, [batch, regions, 1]
 * @returns [batch * regions, bins, length]
 */
function axisWeights(
  [from, to]: readonly [Tensor, Tensor],
  bins: number,
  length: number,
  { scale, samplingRatio, aligned }: Attributes,
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
  const isOn = tf.logicalAnd(tf.greaterEqual(at, -1), tf.lessEqual(at, length));
  const near = tf.relu(tf.sub(1, tf.abs(tf.sub(clamped, arange([1, 1, 1, length])))));
  const sum = tf.sum(tf.mul(near, tf.mul(used, tf.cast(isOn, 'float32'))), 2);
  return stopGradient(tf.div(sum, tf.maximum(tf.reshape(count, [-1, 1, 1]), 1)));
}

const [ZERO, ONE] = [BigInt64Array.of(0n), BigInt64Array.of(1n)];

/** The op's attributes: the options, with what is left out. */
type Attributes = Required<RoiAlignOptions>;

/** The weights of both axes, [regions, bins, length] each; those of the rows times a region's share. */
function weightsOf(maps: readonly number[], boxes: Tensor, share: Tensor, options: Attributes) {
  const [left, top, right, bottom] = boxColumns(boxes);
  const [height, width] = options.size;
  const rows = axisWeights([top, bottom], height, maps[1]!, options);
  return {
    rows: tf.mul(rows, tf.reshape(share, [-1, 1, 1])),
    columns: axisWeights([left, right], width, maps[2]!, options),
  };
}

/**
 * The regions that have a share, since a pyramid asks each level for all of them: which these are, their shares, and where each region is
 * among them. One more has a share of 0, and stands for all that have none.
 */
function usedRegions(b: OnnxBuilder, shares: string) {
  const [zero, one] = [b.initializer('int64', [], ZERO), b.initializer('int64', [], ONE)];
  const isUsed = b.node('Not', [b.node('Equal', [shares, b.scalar(0)])]);
  const used = b.reshape(b.node('NonZero', [isUsed]), [-1]);
  const none = b.initializer('float32', [1], Float32Array.of(0));
  const counted = b.node('CumSum', [b.node('Where', [isUsed, one, zero]), zero]);
  return {
    regions: b.node('Concat', [used, b.int64([0])], { axis: 0 }),
    shares: b.node('Concat', [b.node('Gather', [shares, used]), none], { axis: 0 }),
    places: b.node('Where', [isUsed, b.node('Sub', [counted, one]), b.node('Size', [used])]),
  };
}

const roiAlignOp = defineOp({
  name: 'RoiAlign',
  inputs: ['maps', 'boxes', 'share'],
  saved: ['maps', 'boxes', 'share'],
  compute({ maps, boxes, share }, options: Attributes) {
    const [batch, mapHeight, mapWidth, channels] = maps.shape as [number, number, number, number];
    const [height, width] = options.size;
    const { rows, columns } = weightsOf(maps.shape, boxes, share, options);
    const bands = tf.matMul(
      tf.reshape(rows, [batch, -1, mapHeight]),
      tf.reshape(maps, [batch, mapHeight, mapWidth * channels]),
    );
    const bins = tf.matMul(forBands(columns, height), tf.reshape(bands, [-1, mapWidth, channels]));
    return tf.reshape(bins, [-1, height, width, channels]);
  },
  gradient: ({ dy, maps, boxes, share }, options) => ({
    maps() {
      const { rows, columns } = weightsOf(maps.shape, boxes, share, options);
      return regionSum(dy, rows, columns, maps.shape[0]!);
    },
  }),
  shapes: ({ maps, boxes }, { size }) => ({
    dtype: 'float32',
    shape: [boxes.shape[0]! * boxes.shape[1]!, ...size, maps.shape[3]!],
  }),
  lowerings: {
    onnx: (b: OnnxBuilder, { maps, boxes, share }, options) => {
      const { size, scale, samplingRatio, aligned } = options;
      // The image of each region, [batch, regions].
      const [zero, one] = [b.initializer('int64', [], ZERO), b.initializer('int64', [], ONE)];
      const images = b.node('Range', [zero, b.node('Gather', [b.shape(boxes), zero]), one]);
      const image = b.node('Expand', [
        b.node('Unsqueeze', [images, b.int64([1])]),
        b.int64([1, boxes.shape[1]!]),
      ]);
      const places = [b.reshape(b.get(boxes), [-1, 4]), b.reshape(image, [-1])];
      const shares = b.reshape(b.get(share), [-1]);
      // Shapes of a graph for any runtime are known, so that all regions are in it.
      const used = b.plain ? undefined : usedRegions(b, shares);
      const read = used ? places.map((x) => b.node('Gather', [x, used.regions])) : places;
      const channelsFirst = b.node('Transpose', [b.get(maps)], { perm: [0, 3, 1, 2] });
      const bins = b.node('RoiAlign', [channelsFirst, ...read], {
        mode: 'avg',
        output_height: size[0],
        output_width: size[1],
        sampling_ratio: samplingRatio,
        spatial_scale: { float: scale },
        coordinate_transformation_mode: aligned ? 'half_pixel' : 'output_half_pixel',
      });
      const last = b.node('Transpose', [bins], { perm: [0, 2, 3, 1] });
      const weights = b.reshape(used?.shares ?? shares, [-1, 1, 1, 1]);
      const weighted = b.node('Mul', [last, weights]);
      return used ? b.node('Gather', [weighted, used.places]) : weighted;
    },
  },
});

/**
 * Features of regions of any size as maps of one size (He et al. 2017), as torchvision computes them for boxes within the
 * image. It is differentiable by the maps; gradients do not pass to the boxes.
 *
 * @param maps [batch, height, width, channels]
 * @param boxes [batch, regions, 4], each image's own: left, top, right, bottom in image pixels
 * @param share a factor of each region, [batch, regions, 1]; absent: 1
 * @returns [batch * regions, size, size, channels]
 */
export function roiAlign(
  maps: Tensor,
  boxes: Tensor,
  { samplingRatio = 2, aligned = true, ...options }: RoiAlignOptions,
  share: Tensor = tf.ones([...boxes.shape.slice(0, 2), 1]),
): Tensor {
  const inputs = { maps, boxes: stopGradient(boxes), share: stopGradient(share) };
  return roiAlignOp(inputs, { ...options, samplingRatio, aligned });
}
