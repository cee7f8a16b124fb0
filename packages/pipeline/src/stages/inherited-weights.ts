import { join } from 'node:path';
import { Generator, KcrError, type Model, type StateDict } from '@kcr/core';
import { isCheckpoint, loadCheckpoint } from '../load-checkpoint.ts';
import type { Initial } from '../recipes/recipe.ts';
import type { StageContext } from './stage.ts';

/**
 * The weights that a stage starts from: those that an earlier one has left in the run's folder; what the model has
 * beside them, such as adapters' layers, is drawn from the seed.
 *
 * @param initial name of the earlier stage, or `scratch`
 * @param whole the model, unpruned
 * @returns nothing for `scratch`: all is drawn
 * @throws KcrError `PRUNE_DENSE` where that stage has left no model, and those of reading it
 */
export async function inheritedWeights(
  initial: Initial,
  whole: Model,
  { recipe, directory, trust, seed }: StageContext,
): Promise<StateDict | undefined> {
  if (initial === 'scratch') return undefined;
  const folder = join(directory, initial);
  if (!isCheckpoint(folder))
    throw new KcrError('PRUNE_DENSE', {
      where: `recipe ${recipe.name}`,
      found: `no model in ${folder} to start from`,
      fix: `Add \`${initial}\` to the recipe${initial === 'dense' ? ', or give `weights`' : ''}`,
    });
  const { weights } = await loadCheckpoint(folder, { trust });
  return { ...whole.initialize(new Generator(seed).fork('weights')), ...weights };
}
