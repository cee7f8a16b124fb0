export * from './augment.ts';
export * from './coco/coco.ts';
export * from './coco/rle.ts';
export * from './csv.ts';
export {
  fillOf,
  type ImageDatasetOptions,
  type ImageSource,
  imageDataset,
  normalised,
} from './dataset.ts';
export { type ImageFolderOptions, imageFolder, isImage } from './folder.ts';
export * from './idx.ts';
export * from './image.ts';
export * from './instances.ts';
export type { InvalidPolicy } from './invalid.ts';
export * from './label-map.ts';
export { type MixOptions, mix } from './mix.ts';
export * from './model-input.ts';
export * from './photometric.ts';
export { type RandAugmentOptions, randAugment } from './rand-augment.ts';
export { type RandomErasingOptions, randomErasing } from './random-erasing.ts';
export { saltAndPepper } from './salt-and-pepper.ts';
export * from './semantic.ts';
export * from './view.ts';
