import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { fit, KcrError, type Model, type StateDict, saveModel } from '@kcr/core';
import { firstNames, requireSameRun, runIdentity, trainingFile } from '@kcr/core/internal';
import type { Source } from '@kcr/pretrained';
import { recipeModel } from '../recipes/recipe-model.ts';
import { readSealed, writeSealed } from '../sealed-file.ts';
import { versionsOf } from '../versions.ts';
import { byFirst } from './first-process.ts';
import { modelInfo } from './model-info.ts';
import { type PretrainedWeights, pretrainedWeights } from './pretrained-weights.ts';
import { defineStage, type StageContext } from './stage.ts';
import { runTraining } from './training.ts';

/** The whole model, or none where a recipe trains none and no weights are given. */
export interface DenseModel {
  /** Its checkpoint. */
  readonly directory: string;
}

/** What says whose weights the folder has, where it was not trained there. */
const GIVEN = 'weights.json';

const taken = (where: string, found: string) =>
  new KcrError('OUT_EXISTS', { where, found, fix: 'Choose another output folder' });

/** Saves weights from elsewhere as the dense model. @throws KcrError `RESUME_MISMATCH`, `OUT_EXISTS` */
async function takeWeights(
  given: StateDict,
  model: Model,
  { data, from, directory: run }: StageContext,
): Promise<void> {
  const directory = join(run, 'dense');
  const info = modelInfo(data);
  const identity = await runIdentity({
    stage: 'dense',
    model,
    data: {},
    weights: { given },
    extensions: [],
    versions: await versionsOf([model], {}, from),
    options: info,
  });
  if (existsSync(trainingFile(directory))) throw taken(directory, 'a model that was trained there');
  const file = join(directory, GIVEN);
  const saved = await readSealed(file);
  if (saved) requireSameRun(file, saved.identity ?? {}, identity);
  else await writeSealed(file, { identity });
  await saveModel(directory, model, given, info);
}

/** How the dense model comes to be. */
type Way = 'absent' | 'taken' | 'pretrained' | 'scratch';

/**
 * Weights that are given are the dense model's, unless the recipe trains it from them, or from scratch. Without a classifier of
 * these classes they are trained from, or only started from by later stages.
 *
 * @throws KcrError `PRETRAINED_CLASSIFIER`
 */
function wayOf(given: PretrainedWeights | undefined, { recipe, weights }: StageContext): Way {
  const { dense, prune, search, retrain } = recipe;
  if (dense?.initial) return dense.initial;
  if (!given) return dense ? 'scratch' : 'absent';
  if (given.drawn.length === 0) return 'taken';
  if (dense) return 'pretrained';
  if (prune || search?.initial === 'dense' || retrain.initial === 'dense')
    throw new KcrError('PRETRAINED_CLASSIFIER', {
      where: `recipe ${recipe.name}, weights ${weights?.place}`,
      found: `${given.drawn[0]} is new, and the recipe does not train the dense model`,
      fix: 'Add `dense`, with the epochs to fine-tune for',
    });
  return 'absent';
}

/** Refuses the run's own dense model for other images: it is left as it is. @throws KcrError `DATASET_CLASSES` */
function requireClassesOf({ where, classes = [] }: Source, { data }: StageContext): void {
  const own = data.train.classes;
  if (isDeepStrictEqual(classes, own)) return;
  throw new KcrError('DATASET_CLASSES', {
    where,
    found: `a model of ${firstNames(classes)} for images of ${firstNames(own)}`,
    fix: "Choose another output folder: weights from elsewhere are put in the order of the images' classes",
  });
}

/** Trains the dense model, or takes its weights from elsewhere, into the folder `dense` of the run. */
export const denseStage = defineStage<void, DenseModel | undefined>({
  name: 'dense',
  async run(_, context) {
    const { recipe, weights, on } = context;
    const { model } = await recipeModel(recipe);
    const directory = join(context.directory, 'dense');
    if (weights && resolve(weights.place) === resolve(directory)) {
      requireClassesOf(await weights.look(), context);
      return { directory };
    }
    const isNeeded = weights !== undefined && recipe.dense?.initial !== 'scratch';
    const given =
      isNeeded || recipe.dense?.initial === 'pretrained'
        ? await pretrainedWeights(model, context)
        : undefined;
    const way = wayOf(given, context);
    if (way === 'absent') return undefined;
    if (way === 'taken' && given) {
      if (recipe.dense)
        on({
          type: 'imported',
          where: 'dense',
          text: `not trained: it has the weights of ${weights?.place}`,
        });
      await byFirst(context, () => takeWeights(given.weights, model, context));
      return { directory };
    }
    if (existsSync(join(directory, GIVEN))) throw taken(directory, 'weights from elsewhere');
    const { initial: _initial, ...settings } = recipe.dense!;
    const initial = way === 'pretrained' ? given?.weights : undefined;
    await runTraining({ stage: 'dense', model, settings }, context, (options) =>
      fit({ ...options, initial }),
    );
    return { directory };
  },
});
