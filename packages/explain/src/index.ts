export * from './affinity-rank.ts';
export * from './attention-entropy.ts';
export * from './attention-maps.ts';
export * from './grad-cam.ts';
export * from './kept-tokens.ts';
export { productRank } from './product-rank.ts';
export { type LaidOutTap, tapsOf } from './taps.ts';
export { toGrid, toMap } from './to-grid.ts';
