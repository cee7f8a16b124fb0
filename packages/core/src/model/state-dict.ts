import type { NdArray } from '../ground/array.ts';

/** Turns weights that differ from an architecture's own only in names into its own. */
export interface StateMapping {
  /** Whose weights these are, for messages. */
  readonly name: string;
  /** Whether a file has these names. */
  fits(state: StateDict): boolean;
  map(state: StateDict): StateDict;
}

/** Arrays by name: a model's parameters and buffers, as timm's state dict. */
export type StateDict = Record<string, NdArray>;
