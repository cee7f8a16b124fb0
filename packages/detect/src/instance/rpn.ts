import { constant, conv2d, normal, type Scope, type Tensor, tf, zeros } from '@kcr/core';
import { anchorBoxes } from '../boxes/anchors.ts';
import type { Pyramid } from '../head/fpn.ts';

/** Options of the region proposal network, under OpenMMLab's names where it has them. */
export interface RpnConfig {
  /** Square root of the anchors' area over the stride of their level. */
  anchor_scale: number;
  /** Height : width. */
  anchor_ratios: readonly number[];
  /** Proposals of a level before suppression. */
  rpn_nms_pre: number;
  /** Proposals of an image. */
  rpn_max_per_img: number;
  rpn_nms_threshold: number;
  /** Anchors of an image that the loss reads. */
  rpn_num: number;
}

/** Anchors and what is said of them, level by level. */
export interface RpnOutput {
  levels: readonly {
    /** [1, n, 4] */
    anchors: Tensor;
    /** Logits that there is an object, [batch, n]. */
    objectness: Tensor;
    /** [batch, n, 4] */
    deltas: Tensor;
  }[];
  /** Height and width of the images. */
  size: readonly [number, number];
}

/** The network (Ren et al. 2015), the same for all levels. */
export function rpn(
  m: Scope,
  { levels: maps, channels, size }: Pyramid,
  { anchor_scale, anchor_ratios }: RpnConfig,
): RpnOutput {
  const hidden = m.dim('hidden', channels.full);
  const perPlace = anchor_ratios.length;
  const levels = maps.map(({ value, stride }, level) => {
    const [batch, height, width] = value.shape as [number, number, number, number];
    const init = { init: normal(0.01), biasInit: zeros };
    const conv = conv2d(m.child('rpn_conv'), value, channels, hidden, { kernel: 3, ...init });
    const read = m.child('levels').child(level).tap('hidden', tf.relu(conv), hidden);
    const one = { kernel: 1, ...init };
    const objectness = conv2d(m.child('rpn_cls'), read, hidden, perPlace, one);
    const deltas = conv2d(m.child('rpn_reg'), read, hidden, 4 * perPlace, one);
    const anchors = anchorBoxes(
      [{ height, width, stride: [stride, stride], sizes: [anchor_scale * stride] }],
      anchor_ratios,
    );
    return {
      anchors: constant({ ...anchors, shape: [1, ...anchors.shape] }),
      objectness: tf.reshape(objectness, [batch, -1]),
      deltas: tf.reshape(deltas, [batch, -1, 4]),
    };
  });
  return { levels, size };
}
