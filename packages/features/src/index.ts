export * from './features.ts';
export * from './k-means-plus-plus.ts';
