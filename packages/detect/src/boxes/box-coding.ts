import { type Tensor, tf } from '@kcr/core';
import { boxColumns, type Columns, EMPTY } from './boxes.ts';

/** Factors of dx, dy, dw, dh: 10, 10, 5, 5 in Faster R-CNN's head, 1 in its proposals. */
export type BoxWeights = readonly [number, number, number, number];

const UNIT: BoxWeights = [1, 1, 1, 1];

/** Centres and sizes of boxes, each [..., n, 1]. */
function centred(boxes: Tensor) {
  const [left, top, right, bottom] = boxColumns(boxes);
  const [width, height] = [tf.sub(right, left), tf.sub(bottom, top)];
  return {
    x: tf.add(left, tf.mul(width, 0.5)),
    y: tf.add(top, tf.mul(height, 0.5)),
    width,
    height,
  };
}

/**
 * What turns `anchors` into `boxes` (Girshick et al. 2014): shifts in sizes of the anchor, and log ratios of sizes.
 *
 * @param boxes [..., n, 4]
 * @param anchors [..., n, 4]
 * @returns deltas [..., n, 4]
 */
export function encodeBoxes(boxes: Tensor, anchors: Tensor, weights: BoxWeights = UNIT): Tensor {
  const [to, from] = [boxes, anchors].map((given) => {
    const { x, y, width, height } = centred(given);
    // Boxes that stand for none have no size, and would make infinities of it.
    return { x, y, width: tf.maximum(width, EMPTY), height: tf.maximum(height, EMPTY) };
  }) as [ReturnType<typeof centred>, ReturnType<typeof centred>];
  return tf.concat(
    [
      tf.mul(tf.div(tf.sub(to.x, from.x), from.width), weights[0]),
      tf.mul(tf.div(tf.sub(to.y, from.y), from.height), weights[1]),
      tf.mul(tf.log(tf.div(to.width, from.width)), weights[2]),
      tf.mul(tf.log(tf.div(to.height, from.height)), weights[3]),
    ],
    -1,
  );
}

/** Sizes grow by at most this, in logarithms: an image of 1000 pixels from an anchor of 16. */
const MOST_GROWTH = Math.log(1000 / 16);

/** Undoes {@link encodeBoxes}; sizes grow at most by 1000 / 16. Deltas and anchors [..., n, 4] -> boxes of that shape. */
export function decodeBoxes(deltas: Tensor, anchors: Tensor, weights: BoxWeights = UNIT): Tensor {
  const from = centred(anchors);
  const [dx, dy, dw, dh] = boxColumns(deltas).map((delta, i) =>
    tf.div(delta, weights[i]!),
  ) as Columns;
  const grown = (delta: Tensor, size: Tensor) =>
    tf.mul(tf.exp(tf.minimum(delta, MOST_GROWTH)), size);
  const [x, y] = [tf.add(tf.mul(dx, from.width), from.x), tf.add(tf.mul(dy, from.height), from.y)];
  const [w, h] = [tf.mul(grown(dw, from.width), 0.5), tf.mul(grown(dh, from.height), 0.5)];
  return tf.concat([tf.sub(x, w), tf.sub(y, h), tf.add(x, w), tf.add(y, h)], -1);
}
