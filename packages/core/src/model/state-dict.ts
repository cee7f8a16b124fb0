import type { NdArray } from '../ground/array.ts';

/** Turns weights that differ from an architecture's own only in names, or have more, into its own. */
export interface StateMapping {
  /** Whose weights these are, for messages. */
  readonly name: string;
  /** What becomes of them besides other names, said wherever they are imported. */
  readonly choice?: string;
  /**
   * Whether a file's names are of this kind.
   *
   * @param names of the model's own parameters and buffers
   */
  fits(state: StateDict, names: ReadonlySet<string>): boolean;
  map(state: StateDict): StateDict;
}

/** Arrays by name: a model's parameters and buffers, as timm's state dict. */
export type StateDict = Record<string, NdArray>;

/** A state as each mapping that fits it makes it, one after another, and those that did. */
export function mapState(
  state: StateDict,
  mappings: readonly StateMapping[] = [],
  names: ReadonlySet<string>,
): { readonly state: StateDict; readonly applied: readonly StateMapping[] } {
  const applied: StateMapping[] = [];
  let mapped = state;
  for (const mapping of mappings)
    if (mapping.fits(mapped, names)) {
      mapped = mapping.map(mapped);
      applied.push(mapping);
    }
  return { state: mapped, applied };
}
