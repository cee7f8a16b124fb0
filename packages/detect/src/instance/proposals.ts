import { stopGradient, type Tensor, takeTokens, tf } from '@kcr/core';
import { decodeBoxes } from '../boxes/box-coding.ts';
import { clipBoxes } from '../boxes/boxes.ts';
import { nmsMask } from '../boxes/nms-mask.ts';
import type { RpnConfig, RpnOutput } from './rpn.ts';

/** Values of the k best, and their places. */
function best(scores: Tensor, k: number): { scores: Tensor; index: Tensor } {
  const { values, indices } = tf.topk(scores, Math.min(k, scores.shape[1]!));
  return { scores: values, index: stopGradient(indices) };
}

/**
 * The best boxes of all levels after suppression within each level. Places that no proposal fills have empty boxes.
 *
 * @returns [batch, rpn_max_per_img, 4]; gradients do not pass
 */
export function proposals({ levels, size }: RpnOutput, config: RpnConfig): Tensor {
  const { rpn_nms_pre, rpn_max_per_img, rpn_nms_threshold } = config;
  const [boxes, scores] = [[] as Tensor[], [] as Tensor[]];
  for (const { anchors, objectness, deltas } of levels) {
    const top = best(tf.sigmoid(objectness), rpn_nms_pre);
    const all = clipBoxes(decodeBoxes(deltas, anchors), ...size);
    const own = takeTokens(stopGradient(all), top.index);
    boxes.push(own);
    scores.push(tf.mul(top.scores, nmsMask(own, top.scores, rpn_nms_threshold)));
  }
  const top = best(tf.concat(scores, 1), rpn_max_per_img);
  const kept = tf.cast(tf.greater(top.scores, 0), 'float32');
  const found = takeTokens(tf.concat(boxes, 1), top.index);
  return stopGradient(tf.mul(found, tf.expandDims(kept, 2)));
}
