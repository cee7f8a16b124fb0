export * from './boxes/anchors.ts';
export * from './boxes/boxes.ts';
export * from './boxes/nms.ts';
export * from './coco/dataset.ts';
export * from './coco/evaluate.ts';
export * from './coco/overlap.ts';
export * from './coco/rle.ts';
export * from './semantic/mean-iou.ts';
