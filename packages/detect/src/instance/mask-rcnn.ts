import { type OptionRanges, type Scope, shareOption, wholeFrom, widthOption } from '@kcr/core';
import { fpn, type Pyramid } from '../head/fpn.ts';
import { defineHead, type HeadInput } from '../head/head.ts';
import { instanceDetection } from './detection-task.ts';
import { proposals } from './proposals.ts';
import { regionHeads } from './region-heads.ts';
import type { RegionConfig, RegionStage } from './region-reading.ts';
import { type RpnConfig, rpn } from './rpn.ts';
import { rpnLosses } from './rpn-losses.ts';
import { truthOf } from './truth.ts';

/** Options of Mask R-CNN, under OpenMMLab's names where it has them. */
export interface MaskRcnnConfig extends RpnConfig, RegionConfig {
  /** Width of the pyramid and of the heads over it. */
  out_channels: number;
}

const defaults = {
  num_classes: 80,
  out_channels: 256,
  anchor_scale: 8,
  anchor_ratios: [0.5, 1, 2],
  rpn_nms_pre: 1000,
  rpn_max_per_img: 1000,
  rpn_nms_threshold: 0.7,
  rpn_num: 256,
  fc_out_channels: 1024,
  rcnn_num: 512,
  rcnn_pos_fraction: 0.25,
  with_mask: true,
  box_roi_size: 7,
  mask_roi_size: 14,
  score_thr: 0.05,
  nms_threshold: 0.5,
  max_per_img: 100,
};

const boxes = wholeFrom(1, 2 ** 14);

const ranges: OptionRanges<MaskRcnnConfig> = {
  out_channels: widthOption,
  anchor_scale: { min: 1 / 64, max: 1024 },
  anchor_ratios: { min: 1 / 64, max: 64, entries: [1, 8] },
  rpn_nms_pre: boxes,
  rpn_max_per_img: boxes,
  rpn_nms_threshold: shareOption,
  rpn_num: boxes,
  fc_out_channels: widthOption,
  rcnn_num: boxes,
  rcnn_pos_fraction: shareOption,
  box_roi_size: wholeFrom(1, 64),
  mask_roi_size: wholeFrom(1, 64),
  score_thr: shareOption,
  nms_threshold: shareOption,
  max_per_img: boxes,
};

const oneStage: readonly RegionStage[] = [{ iou: 0.5, coding: [10, 10, 5, 5], weight: 1 }];

const cascade: readonly RegionStage[] = [
  { iou: 0.5, coding: [10, 10, 5, 5], weight: 1 },
  { iou: 0.6, coding: [20, 20, 10, 10], weight: 0.5 },
  { iou: 0.7, coding: [30, 30, 15, 15], weight: 0.25 },
];

/** Proposals of a feature pyramid of five levels, and heads over regions of its first four. */
const twoStage =
  (stages: readonly RegionStage[]) =>
  (m: Scope, { maps, image, config, targets }: HeadInput<MaskRcnnConfig>) => {
    const neck = m.child('neck');
    const channels = neck.dim('channels', config.out_channels);
    const [, height, width] = image.shape as [number, number, number, number];
    const levels = fpn(neck, maps, channels, maps.length + 1);
    const pyramid: Pyramid = { levels, channels, size: [height, width] };
    const network = m.child('rpn_head');
    const said = rpn(network, pyramid, config);
    const boxes = proposals(said, config);
    const regions = { ...pyramid, levels: levels.slice(0, maps.length) };
    const heads = regionHeads(m.child('roi_head'), regions, stages, config);
    if (!targets) return heads.find(boxes);
    const truth = truthOf(targets, { withMask: config.with_mask });
    const { logits, losses } = heads.losses(boxes, truth);
    return { logits, losses: { ...rpnLosses(network, said, truth, config), ...losses } };
  };

const strides = () => [4, 8, 16, 32];

/** Mask R-CNN with a feature pyramid (He et al. 2017); without masks Faster R-CNN. */
export const maskRcnn = defineHead<MaskRcnnConfig>({
  name: 'mask_rcnn',
  about: 'boxes and masks of objects (Mask R-CNN)',
  module: '@kcr/detect',
  contract: 1,
  task: instanceDetection,
  defaults,
  ranges,
  strides,
  forward: twoStage(oneStage),
});

/**
 * Cascade Mask R-CNN (Cai and Vasconcelos 2018): three stages, from overlaps of 0.5, 0.6 and 0.7 on. As in Detectron2
 * later stages read the boxes of the sample that the stage before refined.
 */
export const cascadeMaskRcnn = defineHead<MaskRcnnConfig>({
  name: 'cascade_mask_rcnn',
  about: 'the same in three stages (Cascade Mask R-CNN)',
  module: '@kcr/detect',
  contract: 1,
  task: instanceDetection,
  defaults,
  ranges,
  strides,
  forward: twoStage(cascade),
});
