import type { Model } from '../model/model.ts';
import { isWithin } from '../model/paths.ts';
import type { RateOptions } from './fit-options.ts';
import { checkPaths } from './freezing.ts';
import { layerDepth } from './layer-depth.ts';

/**
 * Factors of the learning rate of a model's parameters: of their layer's depth, times that of the longest path in `lrFactors`
 * that they are in.
 *
 * @throws KcrError `OPTION` for a path of nothing in the model
 */
export function rateFactors(
  model: Model,
  { layerDecay = 1, lrFactors = {} }: Pick<RateOptions, 'layerDecay' | 'lrFactors'>,
): (name: string) => number {
  const depth = layerDepth(model);
  const byLength = Object.keys(lrFactors).toSorted((a, b) => b.length - a.length);
  checkPaths(model, byLength, 'optimizer.lrFactors');
  return (name) => {
    const path = byLength.find((own) => isWithin(name, own));
    const factor = path === undefined ? 1 : lrFactors[path]!;
    return layerDecay ** (depth.layers - depth.of(name)) * factor;
  };
}
