export * from './augment.ts';
export * from './csv.ts';
export * from './dataset.ts';
export * from './folder.ts';
export * from './idx.ts';
export * from './image.ts';
export { type MixOptions, mix } from './mix.ts';
export { type RandAugmentOptions, randAugment } from './rand-augment.ts';
export { type RandomErasingOptions, randomErasing } from './random-erasing.ts';
