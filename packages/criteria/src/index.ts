import { evit } from './evit.ts';
import { tome } from './tome.ts';

export type { EvitOptions } from './evit.ts';
export { type MagnitudeOptions, magnitude } from './magnitude.ts';
export { type NtkSapOptions, ntkSap } from './ntk-sap.ts';
export { random } from './random.ts';
export { type SlimGatesOptions, type SlimOptions, slim, slimGates } from './slim.ts';
export { type TaylorOptions, taylor } from './taylor.ts';
export type { TomeOptions } from './tome.ts';
export { evit, tome };

/** Adapters by name, for saved models. */
export const adapters = { evit, tome };
