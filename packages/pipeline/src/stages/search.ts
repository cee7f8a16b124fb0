import { join } from 'node:path';
import { type Dataset, KcrError, type SearchResult, search, subset, taskOf } from '@kcr/core';
import { labelled } from '../data/labelled.ts';
import { wholeModel } from '../recipes/recipe-model.ts';
import { writeSealed } from '../sealed-file.ts';
import { inheritedWeights } from './inherited-weights.ts';
import { defineStage } from './stage.ts';
import { runTraining } from './training.ts';

/** The training images of the first classes; the classifier keeps all its outputs. */
function firstClasses(train: Dataset, classes: number): Dataset {
  const indices = train.labels.map((label, i) => (label < classes ? i : -1)).filter((i) => i >= 0);
  return subset(train, indices);
}

/**
 * Searches the recipe's channels; `search/selection.json` keeps what was chosen.
 *
 * @throws KcrError `RECIPE_INVALID` for a recipe without a search, `PRUNE_DENSE` where it is on trained weights and there are none
 */
export const searchStage = defineStage<void, SearchResult>({
  name: 'search',
  async run(_, context) {
    const { recipe, directory } = context;
    if (!recipe.search)
      throw new KcrError('RECIPE_INVALID', {
        where: `recipe ${recipe.name}`,
        found: 'no `search`',
        fix: 'Add one, or compress without it, which then prunes nothing',
      });
    const { classes, initial: from, ...settings } = recipe.search;
    const model = await wholeModel(recipe);
    const initial = await inheritedWeights(from, model, context);
    const result = await runTraining({ stage: 'search', model, settings }, context, (given) => {
      const options = { ...given, initial };
      if (classes === undefined) return search(options);
      const train = labelled(context.data.train, taskOf(model));
      return search({ ...options, train: firstClasses(train, classes) });
    });
    const file = { model: recipe.model, kept: result.kept };
    const path = join(directory, 'search', 'selection.json');
    await writeSealed(path, file);
    return result;
  },
});
