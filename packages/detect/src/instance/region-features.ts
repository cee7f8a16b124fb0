import { type FeatureMap, stopGradient, type Tensor, tf } from '@kcr/core';
import { boxArea } from '../boxes/boxes.ts';
import { roiAlign } from '../boxes/roi-align.ts';

/** The square root of the area, in strides of the finest level, from which on the next level is read (OpenMMLab's `finest_scale` of 56 pixels at stride 4). */
const FINEST = 14;

/**
 * RoIAlign from the level of a pyramid that fits each region's size (Lin et al. 2017, equation 1): all levels are
 * read, with a share of 0 for other levels' regions, so that shapes stay static.
 *
 * @param boxes [batch, regions, 4]
 * @param size bins along each side
 * @returns [batch * regions, size, size, channels]
 */
export function regionFeatures(
  pyramid: readonly FeatureMap[],
  boxes: Tensor,
  size: number,
): Tensor {
  const finest = FINEST * pyramid[0]!.stride;
  const side = tf.sqrt(tf.maximum(boxArea(boxes), 0));
  const doublings = tf.div(tf.log(tf.add(tf.div(side, finest), 1e-6)), Math.LN2);
  const level = stopGradient(tf.clipByValue(tf.floor(doublings), 0, pyramid.length - 1));
  return pyramid
    .map(({ value, stride }, i) => {
      const share = tf.cast(tf.equal(level, i), 'float32');
      return roiAlign(value, boxes, { size: [size, size], scale: 1 / stride }, share);
    })
    .reduce((sum, part) => tf.add(sum, part));
}
