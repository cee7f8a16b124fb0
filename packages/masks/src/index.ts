import { qkMask } from './qk-mask.ts';

export * from './gumbel.ts';
export { type GumbelMasksOptions, gumbelMasks } from './gumbel-masks.ts';
export { type MaskNoise, OpenShareMeter, type OpenShares } from './open-shares.ts';
export { noiseScale, type QkMaskOptions, qkMask } from './qk-mask.ts';
export { type QkMaskAnalysisOptions, qkMaskAnalysis } from './qk-mask-analysis.ts';
export { qkOpenShares } from './qk-open-shares.ts';
export { costShare, type SearchCost } from './search-cost.ts';
export { type TemperatureOptions, temperature } from './temperature.ts';

/** The adapters of this package by name, for saved models. */
export const adapters = { qkMask };
