import {
  constant,
  conv2d,
  normal,
  type Scope,
  stopGradient,
  type Tensor,
  takeTokens,
  tf,
  zeros,
} from '@kcr/core';
import { anchorBoxes } from '../boxes/anchors.ts';
import { clipBoxes, decodeBoxes, encodeBoxes } from '../boxes/boxes.ts';
import { nmsMask } from '../boxes/nms-mask.ts';
import type { Pyramid } from '../head/fpn.ts';
import { assign, sample } from './assign.ts';
import { binaryCrossEntropy, weightedMean } from './losses.ts';
import type { Truth } from './truth.ts';

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

/** Objectness and boxes of a random sample of anchors: positive from an overlap of 0.7 on, background below 0.3. */
export function rpnLosses(
  m: Scope,
  { levels }: RpnOutput,
  truth: Truth,
  { rpn_num }: RpnConfig,
): { rpnClassLoss: Tensor; rpnBoxLoss: Tensor } {
  const all = (of: (level: RpnOutput['levels'][number]) => Tensor) => tf.concat(levels.map(of), 1);
  const anchors = all((level) => level.anchors);
  const objectness = all((level) => level.objectness);
  const own = assign(anchors, truth, { positive: 0.7, negative: 0.3, best: true });
  const noise = m.draw('noise', objectness.shape, 'uniform');
  const chosen = sample(own, noise, { count: rpn_num, positiveShare: 0.5 });
  const weights = tf.add(chosen.positive, chosen.negative);
  const targets = stopGradient(encodeBoxes(own.boxes, anchors));
  const apart = tf.sum(
    tf.abs(
      tf.sub(
        all((level) => level.deltas),
        targets,
      ),
    ),
    2,
  );
  return {
    rpnClassLoss: weightedMean(binaryCrossEntropy(objectness, chosen.positive), weights),
    rpnBoxLoss: weightedMean(apart, chosen.positive, weights),
  };
}
