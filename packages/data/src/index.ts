export * from './augment.ts';
export * from './csv.ts';
export * from './dataset.ts';
export * from './folder.ts';
export * from './idx.ts';
export * from './image.ts';
