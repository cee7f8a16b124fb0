export * from './bottom-up-cascade.ts';
export * from './cascade-charts.ts';
export * from './cascade-options.ts';
export * from './growing-search.ts';
export { type LfeOptions, lfe } from './lfe.ts';
export { type LfsOptions, lfs } from './lfs.ts';
export { LFE_FORMS, type LfeForm, lowFrequencyEnergy } from './low-frequency-energy.ts';
export * from './low-pass.ts';
export * from './received-attention.ts';

import { lfe } from './lfe.ts';

/** Adapters by name, for saved models. */
export const adapters = { lfe };
