import { arange, type Scope, stopGradient, type Tensor, takeTokens, tf } from '@kcr/core';
import { type BoxWeights, clipBoxes } from '../boxes/boxes.ts';
import type { Pyramid } from '../head/fpn.ts';
import type { HeadConfig } from '../head/head.ts';
import { assign, sample } from './assign.ts';
import {
  type BoxOutput,
  boxHead,
  boxLosses,
  decodeClasses,
  oneHotOf,
  type RegionSample,
} from './box-head.ts';
import { type DetectionConfig, detect } from './detections.ts';
import { maskHead, maskLoss, masksOfClass, maskTargets } from './mask-head.ts';
import { regionFeatures } from './region-features.ts';
import type { Truth } from './truth.ts';

/** A box head: from which overlap on a region is an object, how its boxes are coded, and its share of the loss. */
export interface RegionStage {
  readonly iou: number;
  readonly coding: BoxWeights;
  readonly weight: number;
}

/** Options of the heads over regions, under OpenMMLab's names where it has them. */
export interface RegionConfig extends DetectionConfig {
  /** Width of the box head. */
  fc_out_channels: number;
  /** Regions of an image that the losses read. */
  rcnn_num: number;
  /** Share of them that may be objects. */
  rcnn_pos_fraction: number;
  /** Whether masks are made. */
  with_mask: boolean;
  /** Bins of a region for its box, and for its mask. */
  box_roi_size: number;
  mask_roi_size: number;
}

/** What all functions of one run of the heads share. */
interface Heads {
  m: Scope;
  pyramid: Pyramid;
  classes: number;
  /** 0..classes-1, [1, classes] */
  classIndex: Tensor;
  stages: readonly RegionStage[];
  config: RegionConfig;
}

/** The heads of a stage are `NAME`, or `NAME.i` in a cascade, where boxes are the same for all classes. */
const stageScope = ({ m, stages }: Heads, name: string, stage: number): Scope =>
  stages.length > 1 ? m.child(name).child(stage) : m.child(name);

function readBoxes(heads: Heads, stage: number, boxes: Tensor): BoxOutput {
  const { pyramid, classes, config } = heads;
  const regions = regionFeatures(pyramid.levels, boxes, config.box_roi_size);
  return boxHead(stageScope(heads, 'bbox_head', stage), regions, pyramid.channels, {
    classes,
    hidden: config.fc_out_channels,
    classAgnostic: heads.stages.length > 1,
  });
}

function readMasks(heads: Heads, stage: number, boxes: Tensor): Tensor {
  const { pyramid, classes, config } = heads;
  const regions = regionFeatures(pyramid.levels, boxes, config.mask_roi_size);
  return maskHead(stageScope(heads, 'mask_head', stage), regions, pyramid.channels, classes);
}

/** The boxes that a stage of a cascade hands on. */
function refined({ pyramid, stages }: Heads, stage: number, out: BoxOutput, boxes: Tensor): Tensor {
  const each = decodeClasses(out, boxes, stages[stage]!.coding);
  return stopGradient(clipBoxes(tf.squeeze(each, [2]), ...pyramid.size));
}

/** The heads over `proposals` [batch, n, 4]. */
export function regionHeads(
  m: Scope,
  pyramid: Pyramid,
  stages: readonly RegionStage[],
  config: RegionConfig & Pick<HeadConfig, 'num_classes'>,
) {
  const classes = config.num_classes;
  const heads: Heads = { m, pyramid, classes, classIndex: arange([1, classes]), stages, config };
  return {
    find: (proposals: Tensor) => find(heads, proposals),
    losses: (proposals: Tensor, truth: Truth) => losses(heads, proposals, truth),
  };
}

/** What is in the images. */
function find(heads: Heads, proposals: Tensor) {
  const { stages, classes, classIndex, pyramid, config } = heads;
  const [batch, n] = proposals.shape as [number, number, number];
  const outputs: BoxOutput[] = [];
  let boxes = proposals;
  for (const stage of stages.keys()) {
    if (stage > 0) boxes = refined(heads, stage - 1, outputs.at(-1)!, boxes);
    outputs.push(readBoxes(heads, stage, boxes));
  }
  const scores = mean(outputs.map(({ logits }) => tf.softmax(logits)));
  const objects = tf.slice(tf.reshape(scores, [batch, n, classes + 1]), 0, [batch, n, classes]);
  const last = decodeClasses(outputs.at(-1)!, boxes, stages.at(-1)!.coding);
  const sure = tf.mul(objects, tf.expandDims(present(proposals), 2));
  const found = detect(last, sure, pyramid.size, config);
  const results: Record<string, Tensor> = { ...found };
  if (config.with_mask) {
    const oneHot = oneHotOf(found.labels, classIndex);
    const masks = mean(
      [...stages.keys()].map((stage) => {
        const logits = readMasks(heads, stage, found.boxes);
        return tf.sigmoid(masksOfClass(logits, oneHot));
      }),
    );
    const side = 2 * config.mask_roi_size;
    results.masks = tf.reshape(masks, [batch, -1, side, side]);
  }
  return { logits: outputs.at(-1)!.logits, results };
}

const mean = (values: readonly Tensor[]): Tensor => {
  const sum = values.reduce((a, b) => tf.add(a, b));
  return values.length > 1 ? tf.div(sum, values.length) : sum;
};

/** Classes, boxes and masks of a random sample of the proposals and the objects' own boxes. */
function losses(heads: Heads, proposals: Tensor, truth: Truth) {
  const { stages, config, classIndex } = heads;
  let { boxes, weights } = sampled(heads, tf.concat([proposals, truth.boxes], 1), truth);
  const terms: Record<string, Tensor> = {};
  let logits = boxes;
  stages.forEach((stage, i) => {
    const name = (term: string) => (stages.length > 1 ? `stage${i}${term}` : lowerFirst(term));
    const read = { boxes, own: assign(boxes, truth, { positive: stage.iou }), weights };
    const out = readBoxes(heads, i, boxes);
    const { classLoss, boxLoss } = boxLosses(out, read, classIndex, stage.coding);
    terms[name('ClassLoss')] = tf.mul(classLoss, stage.weight);
    terms[name('BoxLoss')] = tf.mul(boxLoss, stage.weight);
    if (config.with_mask)
      terms[name('MaskLoss')] = tf.mul(lossOfMasks(heads, i, read, truth), stage.weight);
    logits = out.logits;
    if (i + 1 < stages.length) {
      boxes = refined(heads, i, out, boxes);
      weights = tf.mul(weights, present(boxes));
    }
  });
  return { logits, losses: terms };
}

const lowerFirst = (text: string) => text[0]!.toLowerCase() + text.slice(1);

/** 1 for boxes with an area, else 0: [batch, n, 4] -> [batch, n]. */
function present(boxes: Tensor): Tensor {
  const [left, top, right, bottom] = tf.unstack(boxes, 2) as [Tensor, Tensor, Tensor, Tensor];
  const some = tf.logicalAnd(tf.greater(right, left), tf.greater(bottom, top));
  return stopGradient(tf.cast(some, 'float32'));
}

/** A random sample of boxes for the losses; places that nothing fills have a weight of 0. */
function sampled(
  { m, stages, config }: Heads,
  candidates: Tensor,
  truth: Truth,
): Pick<RegionSample, 'boxes' | 'weights'> {
  const { rcnn_num: count, rcnn_pos_fraction: positiveShare } = config;
  const own = assign(candidates, truth, { positive: stages[0]!.iou });
  const usable = present(candidates);
  const noise = m.draw('noise', usable.shape, 'uniform');
  const candidatesOf = {
    positive: tf.mul(own.positive, usable),
    negative: tf.mul(own.negative, usable),
  };
  const chosen = sample(candidatesOf, noise, { count, positiveShare });
  const key = tf.add(tf.mul(chosen.positive, 2), chosen.negative);
  const { values, indices } = tf.topk(key, Math.min(count, key.shape[1]!));
  return {
    boxes: stopGradient(takeTokens(candidates, stopGradient(indices))),
    weights: stopGradient(tf.cast(tf.greater(values, 0), 'float32')),
  };
}

/** The mask loss over the regions that are objects, as many as a sample may have. */
function lossOfMasks(
  heads: Heads,
  stage: number,
  { boxes, own, weights }: RegionSample,
  truth: Truth,
): Tensor {
  const { classIndex, config } = heads;
  const most = Math.min(Math.floor(config.rcnn_num * config.rcnn_pos_fraction), boxes.shape[1]!);
  const { values, indices } = tf.topk(tf.mul(own.positive, weights), most);
  const index = stopGradient(indices);
  const taken = (x: Tensor) => stopGradient(takeTokens(x, index));
  const column = (x: Tensor) => tf.squeeze(taken(tf.expandDims(x, 2)), [2]);
  const regions = {
    boxes: taken(boxes),
    object: tf.cast(column(tf.cast(own.object, 'float32')), 'int32'),
    objectBoxes: taken(own.boxes),
  };
  const logits = readMasks(heads, stage, regions.boxes);
  const targets = maskTargets(truth.masks!, regions, 2 * config.mask_roi_size);
  return maskLoss(logits, targets, oneHotOf(column(own.labels), classIndex), stopGradient(values));
}
