export * from './coco/dataset.ts';
export * from './coco/evaluate.ts';
export * from './coco/overlap.ts';
export * from './coco/rle.ts';
