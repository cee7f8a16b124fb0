import { join } from 'node:path';
import { type Dataset, KcrError, type SearchResult, search, taskOf } from '@kcr/core';
import { labelled } from '../data/labelled.ts';
import { wholeModel } from '../recipes/recipe-model.ts';
import { writeSealed } from '../sealed-file.ts';
import { byFirst } from './first-process.ts';
import { inheritedWeights } from './inherited-weights.ts';
import { drawClasses, type SearchedClasses } from './searched-classes.ts';
import { defineStage } from './stage.ts';
import { runTraining } from './training.ts';

/**
 * Searches the recipe's channels; `search/selection.json` keeps what was chosen, and the classes that were
 * drawn for it.
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
    let drawn: SearchedClasses | undefined;
    const result = await runTraining({ stage: 'search', model, settings }, context, (given) => {
      const options = { ...given, initial };
      if (classes === undefined) return search(options);
      const [train, test] = [context.data.train, context.data.test].map((images) =>
        labelled(images, taskOf(model)),
      ) as [Dataset, Dataset];
      drawn = drawClasses(train, classes, context.seed);
      const validation = drawn.of(test);
      return search({
        ...options,
        train: drawn.of(train),
        validation: validation.length > 0 ? validation : undefined,
      });
    });
    const file = { model: recipe.model, kept: result.kept, classes: drawn?.classes };
    const path = join(directory, 'search', 'selection.json');
    await byFirst(context, () => writeSealed(path, file));
    return result;
  },
});
