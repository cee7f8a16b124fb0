import {
  Generator,
  type ImportReport,
  importState,
  importText,
  KcrError,
  type Model,
  type StateDict,
} from '@kcr/core';
import { checkDataset } from '@kcr/core/internal';
import { headWeights } from '@kcr/detect';
import { modelOf } from '../find-model.ts';
import { findModelEntry } from '../find-model-entry.ts';
import { isWorthSaying, loadCheckpoint } from '../load-checkpoint.ts';
import type { StageContext } from './stage.ts';

/** Weights from elsewhere for a run's whole model, without its adapters. */
export interface PretrainedWeights {
  readonly weights: StateDict;
  /** What had to be drawn, such as a classifier of other classes. */
  readonly drawn: ImportReport['drawn'];
}

/**
 * The weights that a run is given, for the recipe's model and the classes of its images. Of a model with a head they may be those of
 * its backbone alone; the head is drawn then.
 *
 * @param model the recipe's, without adapters
 * @throws KcrError `PRETRAINED_MISSING` where a recipe needs some and none are given, and those of reading them and of images that
 *   are not the model's
 */
export async function pretrainedWeights(
  model: Model,
  { recipe, weights: given, data, from, seed, on }: StageContext,
): Promise<PretrainedWeights> {
  if (given === undefined)
    throw new KcrError('PRETRAINED_MISSING', {
      where: `recipe ${recipe.name}`,
      found: 'a stage that starts from pretrained weights, and none are given',
      fix: 'Give `weights` (--weights), or `model.pretrained` in the recipe',
    });
  const { name, config, head } = recipe.model;
  const generator = new Generator(seed).fork('weights');
  const { classes } = data.train;
  if (!head) {
    checkDataset(model, data.train, 'training data');
    const options = { seed, on, from, architecture: name, config: model.config, classes };
    const { weights, report } = await loadCheckpoint(await given.take(), options);
    return { weights, drawn: report.drawn };
  }
  const { place } = given;
  const source = await given.take();
  const arrays = await source.tensors();
  if (model.params.every((param) => Object.hasOwn(arrays, param.name))) {
    const { state, report } = importState(model, arrays, {
      generator,
      where: place,
      classes: { own: classes, file: source.classes },
    });
    if (isWorthSaying(report))
      on({ type: 'imported', where: place, text: importText(report, model) });
    return { weights: state, drawn: report.drawn };
  }
  const backbone = modelOf(await findModelEntry(name, from), config);
  const { state, report } = importState(backbone, arrays, { generator, where: place });
  on({ type: 'imported', where: place, text: importText(report, backbone) });
  const drawn = model.params.flatMap((param) =>
    param.name.startsWith('backbone.') ? [] : [param.name],
  );
  return { weights: headWeights(model, state, generator), drawn };
}
