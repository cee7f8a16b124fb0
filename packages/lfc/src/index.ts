export * from './bottom-up-cascade.ts';
export * from './cascade-charts.ts';
export * from './cascade-options.ts';
export * from './growing-search.ts';
export { type LfeOptions, lfe } from './lfe.ts';
export { type LfsOptions, lfs } from './lfs.ts';
export * from './low-pass.ts';

import { lfe } from './lfe.ts';

/** Adapters by name, for saved models. */
export const adapters = { lfe };
