import { type Scope, stopGradient, type Tensor, tf } from '@kcr/core';
import type { BoxWeights } from '../boxes/box-coding.ts';
import { clipBoxes } from '../boxes/boxes.ts';
import type { Pyramid } from '../head/fpn.ts';
import { type BoxOutput, boxHead, decodeClasses } from './box-head.ts';
import type { DetectionConfig } from './detections.ts';
import { maskHead } from './mask-head.ts';
import { regionFeatures } from './region-features.ts';

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
export interface Heads {
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

/** What the box head of a stage says of boxes [batch, n, 4]. */
export function readBoxes(heads: Heads, stage: number, boxes: Tensor): BoxOutput {
  const { pyramid, classes, config } = heads;
  const regions = regionFeatures(pyramid.levels, boxes, config.box_roi_size);
  return boxHead(stageScope(heads, 'bbox_head', stage), regions, pyramid.channels, {
    classes,
    hidden: config.fc_out_channels,
    classAgnostic: heads.stages.length > 1,
  });
}

/** The mask logits of a stage over boxes [batch, n, 4]. */
export function readMasks(heads: Heads, stage: number, boxes: Tensor): Tensor {
  const { pyramid, classes, config } = heads;
  const regions = regionFeatures(pyramid.levels, boxes, config.mask_roi_size);
  return maskHead(stageScope(heads, 'mask_head', stage), regions, pyramid.channels, classes);
}

/** The boxes that a stage of a cascade hands on. */
export function refined(
  { pyramid, stages }: Heads,
  stage: number,
  out: BoxOutput,
  boxes: Tensor,
): Tensor {
  const each = decodeClasses(out, boxes, stages[stage]!.coding);
  return stopGradient(clipBoxes(tf.squeeze(each, [2]), ...pyramid.size));
}

/** 1 for boxes with an area, else 0: [batch, n, 4] -> [batch, n]. */
export function present(boxes: Tensor): Tensor {
  const [left, top, right, bottom] = tf.unstack(boxes, 2) as [Tensor, Tensor, Tensor, Tensor];
  const some = tf.logicalAnd(tf.greater(right, left), tf.greater(bottom, top));
  return stopGradient(tf.cast(some, 'float32'));
}
