export * from './augment.ts';
export * from './coco/check-ground-truth.ts';
export * from './coco/detected-objects.ts';
export * from './coco/format.ts';
export * from './coco/objects.ts';
export * from './coco/polygon.ts';
export * from './coco/read-coco.ts';
export { type Rle, rleArea, rleBox, rleOverlap, rleUnion } from './coco/rle.ts';
export * from './coco/rle-mask.ts';
export * from './coco/rle-text.ts';
export * from './coco/segmentation.ts';
export * from './coco/truth-objects.ts';
export * from './coco-instances.ts';
export type { LabelledColumns } from './csv-files.ts';
export * from './csv-images.ts';
export { defineImageChange, type ImageChangeDefinition } from './define-image-change.ts';
export { type Described, type Description, described, type PortablePart } from './described.ts';
export * from './flipped-views.ts';
export * from './flips.ts';
export type { FramedImageOptions } from './framed-images.ts';
export { type Framing, fitted } from './framing.ts';
export * from './grey.ts';
export * from './idx.ts';
export * from './idx-images.ts';
export * from './image.ts';
export { type ImageDatasetOptions, imageDataset } from './image-dataset.ts';
export { type ImageFolderOptions, imageFolder } from './image-folder.ts';
export type { ImageSource, SourceFiles } from './image-source.ts';
export * from './instance-dataset.ts';
export * from './instance-folder.ts';
export type { Instance, InstanceSource } from './instance-source.ts';
export { type InvalidPolicy, Refusals } from './invalid.ts';
export { isImage } from './is-image.ts';
export * from './label-map.ts';
export { type LabelledImageOptions, labelledImages } from './labelled-images.ts';
export { type MixOptions, mix } from './mix.ts';
export {
  cornerInput,
  inputView,
  modelInput,
  orientationOf,
  readInput,
  readSource,
  resizedSource,
} from './model-input.ts';
export { fillOf, normalised } from './normalised.ts';
export * from './photometric.ts';
export * from './pixel-source.ts';
export { type RandAugmentOptions, randAugment } from './rand-augment.ts';
export * from './random-crop.ts';
export { type RandomErasingOptions, randomErasing } from './random-erasing.ts';
export { type Region, type ResizedCropOptions, randomRegion } from './random-region.ts';
export { readEach } from './readable.ts';
export * from './resample.ts';
export { saltAndPepper } from './salt-and-pepper.ts';
export * from './scale-jitter.ts';
export * from './semantic-dataset.ts';
export * from './semantic-folder.ts';
export * from './semantic-source.ts';
export { tarShards } from './shards/tar-shards.ts';
export { type WriteShardsOptions, type WrittenShards, writeShards } from './shards/write-shards.ts';
export * from './short-side.ts';
export * from './test-views.ts';
export * from './view.ts';
export * from './view-box.ts';
export * from './view-pixels.ts';
export { canvasPoint, sourcePoint } from './view-point.ts';
