import { evit } from './evit.ts';
import { power } from './power.ts';
import { fixedTokens } from './slim-patches.ts';
import { tome } from './tome.ts';

export type { EvitOptions } from './evit.ts';
export { type MagnitudeOptions, magnitude } from './magnitude.ts';
export { type NtkSapOptions, ntkSap, outputChange } from './ntk-sap.ts';
export type { PatchGates } from './patch-gates.ts';
export type { PowerOptions } from './power.ts';
export { random } from './random.ts';
export { s2vite } from './s2vite.ts';
export {
  type SlimGatesOptions,
  type SlimOptions,
  slim,
  slimGates,
  trainSlimGates,
} from './slim.ts';
export { attachGates, type SlimHooks, type SlimWeights } from './slim-gates.ts';
export { type FixedTokensOptions, slimPatches } from './slim-patches.ts';
export { type TaylorOptions, taylor } from './taylor.ts';
export type { TomeOptions } from './tome.ts';
export { evit, fixedTokens, power, tome };

/** Adapters by name, for saved models. */
export const adapters = { evit, fixedTokens, power, tome };
