import type { Dim } from '../model/dim.ts';
import type { Model } from '../model/model.ts';
import { parentOf, transformerBlocks } from '../model/transformer-blocks.ts';
import { prunableDims } from './prunable-dims.ts';

/** A part of a model that is pruned on its own. */
export interface Block {
  /** Its path. */
  readonly name: string;
  /** Its dimensions that can be pruned. */
  readonly dims: readonly Dim[];
  /** Its place among the transformer blocks, if it is one. */
  readonly transformer?: number;
}

/**
 * The blocks of a model from bottom to top: transformer blocks, which are the scopes with a tap `tokens`, and
 * elsewhere each scope that has dimensions of its own. Those without dimensions of the roles are left out.
 *
 * @param roles of the dimensions; default all that can be pruned
 * @throws KcrError `DIM_ROLES`
 */
export function blocksOf(model: Model, roles?: readonly string[]): Block[] {
  const transformers = transformerBlocks(model);
  const blocks = new Map<string, Dim[]>();
  for (const dim of prunableDims(model, roles)) {
    const name = transformers.find((path) => dim.name.startsWith(`${path}.`)) ?? parentOf(dim.name);
    blocks.set(name, [...(blocks.get(name) ?? []), dim]);
  }
  return [...blocks].map(([name, dims]) => {
    const place = transformers.indexOf(name);
    return { name, dims, transformer: place < 0 ? undefined : place };
  });
}
