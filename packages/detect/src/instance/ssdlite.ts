import {
  arange,
  constant,
  conv2d,
  convNorm,
  type FeatureMap,
  KcrError,
  normal,
  type Scope,
  shareOption,
  type Tensor,
  tf,
  wholeFrom,
  widthOption,
  zeros,
} from '@kcr/core';
import { decodeBoxes } from '../boxes/box-coding.ts';
import { defineHead } from '../head/head.ts';
import { boxesPerPlace, defaultBoxes } from './default-boxes.ts';
import { instanceDetection } from './detection-task.ts';
import { type DetectionConfig, detect } from './detections.ts';
import { CODING } from './ssd-coding.ts';
import { losses } from './ssd-losses.ts';
import { truthOf } from './truth.ts';

/** Options of SSDLite, under OpenMMLab's names where it has them. */
export interface SsdLiteConfig extends DetectionConfig {
  /** Widths of the further maps, each of half the size of the one before. */
  extra_channels: readonly number[];
  /** Width : height of the default boxes, each also turned round. */
  anchor_ratios: readonly number[];
  /** Share of the image's side that default boxes have, from the finest map to the coarsest. */
  anchor_scale: readonly [number, number];
  /** Background boxes that the loss reads, for each that finds an object. */
  neg_pos_ratio: number;
}

const options = { norm: 'bn', activation: tf.relu6 } as const;

/** A map of half the size: narrowed, and a depthwise-separable convolution of stride 2. */
function extraLayer(m: Scope, { value, dim, stride }: FeatureMap, width: number): FeatureMap {
  const narrow = m.dim('narrow', Math.max(width >> 1, 1));
  const channels = m.dim('channels', width);
  const first = convNorm(m.child(0), value, dim, narrow, { kernel: 1, ...options });
  const x = m.child(0).tap('out', first, narrow);
  const separable = m.child(1);
  const strided = { kernel: 3, stride: 2, depthwise: true, ...options };
  const depthwise = separable.child('depthwise_conv');
  const half = depthwise.tap('out', convNorm(depthwise, x, narrow, narrow, strided), narrow);
  const pointwise = separable.child('pointwise_conv');
  const y = convNorm(pointwise, half, narrow, channels, { kernel: 1, ...options });
  return { value: m.tap('out', y, channels), dim: channels, stride: 2 * stride };
}

/** `perPlace` values for each position: a depthwise convolution and a 1 x 1 one. [batch, positions * perPlace / d, d] */
function predict(
  m: Scope,
  { value, dim }: FeatureMap,
  { perPlace, d, isClassifier }: { perPlace: number; d: number; isClassifier: boolean },
): Tensor {
  const depthwise = { kernel: 3, depthwise: true, ...options };
  const read = m.tap('hidden', convNorm(m.child(0), value, dim, dim, depthwise), dim);
  const one = { kernel: 1, init: normal(0.03), biasInit: zeros };
  const last = isClassifier ? m.child(1).classifier() : m.child(1);
  const y = conv2d(last, read, dim, perPlace * d, one);
  return tf.reshape(y, [value.shape[0]!, -1, d]);
}

/**
 * SSDLite (Sandler et al. 2018) over maps of strides 16 and 32 and further ones made of the last.
 *
 * @throws KcrError `MODEL_CONFIG` for images that are not square
 */
export const ssdlite = defineHead<SsdLiteConfig>({
  name: 'ssdlite',
  about: 'boxes of objects in one stage (SSDLite)',
  module: '@kcr/detect',
  contract: 1,
  task: instanceDetection,
  defaults: {
    num_classes: 80,
    extra_channels: [512, 256, 256, 128],
    anchor_ratios: [2, 3],
    anchor_scale: [0.2, 0.95],
    neg_pos_ratio: 3,
    score_thr: 0.02,
    nms_threshold: 0.45,
    max_per_img: 200,
  },
  ranges: {
    extra_channels: { ...widthOption, entries: [0, 8] },
    anchor_ratios: { min: 1 / 64, max: 64, entries: [0, 8] },
    anchor_scale: { min: 1 / 1024, max: 16, entries: [2, 2] },
    neg_pos_ratio: { min: 0, max: 2 ** 16 },
    score_thr: shareOption,
    nms_threshold: shareOption,
    max_per_img: wholeFrom(1, 2 ** 14),
  },
  strides: () => [16, 32],
  forward(m, { maps, image, config, targets }) {
    const { num_classes: count, anchor_ratios, anchor_scale } = config;
    const [, height, width] = image.shape as [number, number, number, number];
    if (height !== width)
      throw new KcrError('MODEL_CONFIG', {
        where: 'ssdlite',
        found: `images of ${height} x ${width} pixels`,
        fix: 'Use square images',
      });
    const levels = [...maps];
    config.extra_channels.forEach((channels, i) => {
      levels.push(
        extraLayer(m.child('neck').child('extra_layers').child(i), levels.at(-1)!, channels),
      );
    });
    const head = m.child('bbox_head');
    const perPlace = boxesPerPlace(anchor_ratios);
    const all = (name: string, d: number, isClassifier: boolean) =>
      tf.concat(
        levels.map((level, i) =>
          predict(head.child(name).child(i), level, { perPlace, d, isClassifier }),
        ),
        1,
      );
    const logits = all('cls_convs', count + 1, true);
    const deltas = all('reg_convs', 4, false);
    const places = levels.map(({ value }) => value.shape[1]!);
    const anchors = defaultBoxes({
      size: height,
      places,
      scale: anchor_scale,
      ratios: anchor_ratios,
    });
    const boxes = constant({ ...anchors, shape: [1, ...anchors.shape] });
    const classes = arange([1, count]);
    if (targets) {
      const truth = truthOf(targets, { withMask: false });
      return {
        logits,
        losses: losses({ logits, deltas, boxes }, truth, classes, config.neg_pos_ratio),
      };
    }
    const scores = tf.slice(tf.softmax(logits), 0, [-1, -1, count]);
    const found = tf.expandDims(decodeBoxes(deltas, boxes, CODING), 2);
    return { logits, results: { ...detect(found, scores, [height, width], config) } };
  },
});
