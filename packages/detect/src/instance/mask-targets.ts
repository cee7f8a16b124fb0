import { arange, stopGradient, type Tensor, takeTokens, tf } from '@kcr/core';
import { boxColumns } from '../boxes/boxes.ts';

/**
 * Bilinear weights of a mask's cells at the centres of a grid over a region, along one axis; 0 beyond the mask.
 *
 * @param from start of the region, [regions, 1]; `start` and `end` of the box that the mask is over
 * @returns [regions, bins, cells]
 */
function gridWeights(
  [from, to]: readonly [Tensor, Tensor],
  [start, end]: readonly [Tensor, Tensor],
  bins: number,
  cells: number,
): Tensor {
  const three = (x: Tensor) => tf.reshape(x, [-1, 1, 1]);
  const bin = tf.div(tf.sub(three(to), three(from)), bins);
  const at = tf.add(three(from), tf.mul(bin, arange([1, bins, 1], 0.5)));
  const length = tf.maximum(tf.sub(three(end), three(start)), 1e-6);
  const place = tf.sub(tf.mul(tf.div(tf.sub(at, three(start)), length), cells), 0.5);
  const inside = tf.logicalAnd(tf.greaterEqual(place, -0.5), tf.lessEqual(place, cells - 0.5));
  const clamped = tf.clipByValue(place, 0, cells - 1);
  const near = tf.relu(tf.sub(1, tf.abs(tf.sub(clamped, arange([1, 1, cells])))));
  return tf.mul(near, tf.cast(inside, 'float32'));
}

/** Regions that are objects. */
export interface ObjectRegions {
  /** [batch, n, 4] */
  boxes: Tensor;
  /** Which object each is, int32 [batch, n]. */
  object: Tensor;
  /** The objects' own boxes, [batch, n, 4]. */
  objectBoxes: Tensor;
}

/**
 * What each region has of its object's mask.
 *
 * @param masks each in a grid over its object's box, [batch, objects, cells, cells]
 * @param size bins along a side
 * @returns 0 or 1, [batch * n, size * size]
 */
export function maskTargets(
  masks: Tensor,
  { boxes, object, objectBoxes }: ObjectRegions,
  size: number,
): Tensor {
  const [batch, count, cells] = masks.shape as [number, number, number, number];
  const own = tf.reshape(takeTokens(tf.reshape(masks, [batch, count, cells * cells]), object), [
    -1,
    cells,
    cells,
  ]);
  const [left, top, right, bottom] = boxColumns(boxes);
  const [left2, top2, right2, bottom2] = boxColumns(objectBoxes);
  const rows = gridWeights([top, bottom], [top2, bottom2], size, cells);
  const columns = gridWeights([left, right], [left2, right2], size, cells);
  const read = tf.matMul(tf.matMul(rows, own), columns, false, true);
  const inside = tf.cast(tf.greaterEqual(read, 0.5), 'float32');
  return stopGradient(tf.reshape(inside, [-1, size * size]));
}
