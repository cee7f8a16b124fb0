const twoStage = {
  num_classes: 2,
  out_channels: 8,
  fc_out_channels: 16,
  anchor_scale: 2,
  rpn_nms_pre: 24,
  rpn_max_per_img: 16,
  rpn_num: 16,
  // More than there are candidates.
  rcnn_num: 24,
  box_roi_size: 3,
  mask_roi_size: 4,
  score_thr: 0,
  max_per_img: 6,
};

/** Small options of every head. Tests over heads run over this table. */
export const smallHeads: Readonly<Record<string, object>> = {
  upernet: { num_classes: 3, channels: 8, pool_scales: [1, 2], auxiliary_channels: 4 },
  mask_rcnn: twoStage,
  cascade_mask_rcnn: twoStage,
  ssdlite: { num_classes: 2, extra_channels: [8, 6], score_thr: 0, max_per_img: 6 },
};
