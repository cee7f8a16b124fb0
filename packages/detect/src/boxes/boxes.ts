import { type Tensor, tf } from '@kcr/core';

// Boxes are [..., n, 4]: left, top, right, bottom in pixels, as torchvision has them.

export type Columns = [left: Tensor, top: Tensor, right: Tensor, bottom: Tensor];

/** Below any area of pixels: what is divided by where there is none. */
export const EMPTY = 1e-9;

/** The four columns of boxes, each [..., n, 1]. */
export const boxColumns = (boxes: Tensor): Columns => tf.split(boxes, 4, -1) as Columns;

/** Width times height. [..., n, 4] -> [..., n, 1] */
export function boxArea(boxes: Tensor): Tensor {
  const [left, top, right, bottom] = boxColumns(boxes);
  return tf.mul(tf.sub(right, left), tf.sub(bottom, top));
}

/**
 * Intersection over union of all pairs; 0 where both boxes are empty.
 *
 * @param a [..., n, 4]
 * @param b [..., m, 4]
 * @returns [..., n, m]
 */
export function boxIou(a: Tensor, b: Tensor): Tensor {
  const [left, top, right, bottom] = boxColumns(a);
  const across = (column: Tensor) =>
    tf.reshape(column, [...column.shape.slice(0, -2), 1, column.shape.at(-2)!]);
  const [left2, top2, right2, bottom2] = boxColumns(b).map(across) as Columns;
  const width = tf.relu(tf.sub(tf.minimum(right, right2), tf.maximum(left, left2)));
  const height = tf.relu(tf.sub(tf.minimum(bottom, bottom2), tf.maximum(top, top2)));
  const common = tf.mul(width, height);
  const union = tf.sub(tf.add(boxArea(a), across(boxArea(b))), common);
  return tf.div(common, tf.maximum(union, EMPTY));
}

/** Boxes cut at the border of an image. */
export function clipBoxes(boxes: Tensor, height: number, width: number): Tensor {
  const [left, top, right, bottom] = boxColumns(boxes);
  const within = (x: Tensor, most: number) => tf.clipByValue(x, 0, most);
  return tf.concat(
    [within(left, width), within(top, height), within(right, width), within(bottom, height)],
    -1,
  );
}
