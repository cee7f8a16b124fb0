import { join } from 'node:path';
import { KcrError, taskOf } from '@kcr/core';
import { labelled } from '../data/labelled.ts';
import { loadCheckpoint } from '../load-checkpoint.ts';
import { pruneInto } from '../pruning/prune-into.ts';
import type { Pruning } from '../recipes/recipe.ts';
import type { CompactModel } from './compact-model.ts';
import type { DenseModel } from './dense.ts';
import { firstBeforeOthers } from './first-process.ts';
import { defineStage } from './stage.ts';

/** Prunes the run's dense model into the folder `pruned`. @throws KcrError `PRUNE_DENSE` */
export const pruneStage = defineStage<
  { dense: DenseModel | undefined; settings: Pruning },
  CompactModel
>({
  name: 'pruned',
  async run({ dense, settings }, context) {
    const { recipe, directory, data } = context;
    if (!dense)
      throw new KcrError('PRUNE_DENSE', {
        where: `recipe ${recipe.name}`,
        found: 'no trained model to prune',
        fix: 'Give `weights`, or add `dense` to the recipe',
      });
    const loaded = await loadCheckpoint(dense.directory, context);
    const train = labelled(data.train, taskOf(loaded.model));
    return firstBeforeOthers(context, () =>
      pruneInto(join(directory, 'pruned'), loaded, settings, { ...context, train }),
    );
  },
});
