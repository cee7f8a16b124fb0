import { KcrError } from '../ground/error.ts';
import type { Model } from '../model/model.ts';
import type { RateOptions } from './fit-options.ts';
import type { Freezing } from './freezing.ts';
import { lastLayer } from './last-layer.ts';
import { rateFactors } from './rate-factors.ts';
import { WEIGHT } from './state-names.ts';
import type { Trained } from './train-step.ts';

/**
 * The weights of a model that are trained, in its order.
 *
 * @param isFrozen whether one stays as it is
 * @throws KcrError `OPTION` for learning rates of what is not there
 */
export function trainedWeights(
  model: Model,
  rates: Pick<RateOptions, 'layerDecay' | 'lrFactors'>,
  isFrozen: (name: string) => boolean,
): Trained[] {
  const rateOf = rateFactors(model, rates);
  const isLast = lastLayer(model);
  return model.params
    .filter(({ name, trainable }) => trainable && !isFrozen(name))
    .map(({ name, shape, decay }) => {
      return { name: WEIGHT + name, shape, decay, rate: rateOf(name), adaptive: !isLast(name) };
    });
}

/** The error of a training in which all stays as it is. */
export const nothingTrained = ({ architecture }: Model, { freeze, trainable = [] }: Freezing) =>
  new KcrError('OPTION', {
    where: freeze ? 'freeze' : 'trainable',
    found: `${JSON.stringify(freeze ?? trainable)}, which leaves nothing of ${architecture.name} to train`,
    fix: 'Leave something to train',
  });
