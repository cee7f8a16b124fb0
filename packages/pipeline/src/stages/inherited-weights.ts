import { join } from 'node:path';
import { Generator, KcrError, type Model, type StateDict } from '@kcr/core';
import { isCheckpoint, loadCheckpoint } from '../load-checkpoint.ts';
import type { Initial } from '../recipes/recipe.ts';
import { recipeModel } from '../recipes/recipe-model.ts';
import { pretrainedWeights } from './pretrained-weights.ts';
import type { StageContext } from './stage.ts';

/**
 * The weights that a stage starts from: those that an earlier one has left in the run's folder; what the model has
 * beside them, such as adapters' layers, is drawn from the seed.
 *
 * @param initial name of the earlier stage, `pretrained` for those from elsewhere, or `scratch`
 * @param whole the model, unpruned
 * @returns nothing for `scratch`: all is drawn
 * @throws KcrError `PRUNE_DENSE` where that stage has left no model, and those of reading it
 */
export async function inheritedWeights(
  initial: Initial,
  whole: Model,
  context: StageContext,
): Promise<StateDict | undefined> {
  const { recipe, directory, trust, from, seed } = context;
  if (initial === 'scratch') return undefined;
  const drawn = () => whole.initialize(new Generator(seed).fork('weights'));
  if (initial === 'pretrained') {
    const { model } = await recipeModel(recipe);
    return { ...drawn(), ...(await pretrainedWeights(model, context)).weights };
  }
  const folder = join(directory, initial);
  if (!isCheckpoint(folder))
    throw new KcrError('PRUNE_DENSE', {
      where: `recipe ${recipe.name}`,
      found: `no model in ${folder} to start from`,
      fix: `Add \`${initial}\` to the recipe${initial === 'dense' ? ', or give `weights`' : ''}`,
    });
  const { weights } = await loadCheckpoint(folder, { trust, from });
  return { ...drawn(), ...weights };
}
