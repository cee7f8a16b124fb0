export * from './boxes/anchors.ts';
export * from './boxes/boxes.ts';
export * from './boxes/nms.ts';
export * from './boxes/roi-align.ts';
export * from './coco/evaluate.ts';
export * from './coco/overlap.ts';
export * from './semantic/mean-iou.ts';
