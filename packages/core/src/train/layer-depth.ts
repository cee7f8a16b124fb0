import type { Model } from '../model/model.ts';
import { transformerBlocks } from '../model/transformer-blocks.ts';

/**
 * How deep parameters are: 0 before the first transformer block, 1 to L in the blocks, L + 1 after the last; parameters
 * between two blocks (a merging of patches) count to the one before.
 */
export function layerDepth(model: Model): { layers: number; of(name: string): number } {
  const blocks = transformerBlocks(model).map((path) => `${path}.`);
  const depths = new Map<string, number>();
  let depth = 0;
  for (const { name } of model.params) {
    const block = blocks.findIndex((path) => name.startsWith(path));
    if (block >= 0) depth = block + 1;
    depths.set(name, depth);
  }
  const last = model.params.findLastIndex(({ name }) =>
    blocks.some((path) => name.startsWith(path)),
  );
  for (const { name } of model.params.slice(last + 1)) depths.set(name, blocks.length + 1);
  return { layers: blocks.length + 1, of: (name) => depths.get(name)! };
}
