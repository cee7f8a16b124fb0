import { tf } from '@kcr/core';
import type { RpnConfig, RpnOutput } from './rpn.ts';

/** Options of a small region proposal network. */
export const config: RpnConfig = {
  anchor_scale: 2,
  anchor_ratios: [0.5, 1],
  rpn_nms_pre: 10,
  rpn_max_per_img: 4,
  rpn_nms_threshold: 0.5,
  rpn_num: 4,
};

/** What a network may say: one level with anchors that are given. */
export const said = (
  anchors: number[][],
  objectness: number[],
  deltas?: number[][],
): RpnOutput => ({
  levels: [
    {
      anchors: tf.tensor3d([anchors]),
      objectness: tf.tensor2d([objectness]),
      deltas: tf.tensor3d([deltas ?? anchors.map(() => [0, 0, 0, 0])]),
    },
  ],
  size: [20, 20],
});
