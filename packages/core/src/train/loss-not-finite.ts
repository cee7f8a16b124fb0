import { KcrError } from '../ground/error.ts';
import { countNonFinite } from '../ground/finite.ts';
import type { Batch } from '../model/batch.ts';

/** What is known of a step whose loss is NaN or infinite. */
export interface FailedStep {
  where: string;
  loss: number;
  batch: Batch;
  /** The terms of the task's loss, by name. */
  terms: Readonly<Record<string, number>>;
  /** The plugins' terms, by plugin. */
  plugins: Readonly<Record<string, number>>;
}

const notFinite = (terms: Readonly<Record<string, number>>) =>
  Object.keys(terms).filter((name) => !Number.isFinite(terms[name]));

/**
 * The error of a loss that is NaN or infinite. It blames what the loss was made from: the batch, where that is not finite
 * itself, else the plugins whose terms are not where the task's are, else the task's terms.
 */
export function lossNotFinite({ where, loss, batch, terms, plugins }: FailedStep): KcrError {
  const found = `a loss of ${loss}`;
  const inputs = Object.keys(batch).filter((name) => countNonFinite(batch[name]!) > 0);
  if (inputs.length > 0)
    return new KcrError('LOSS_NOT_FINITE', {
      where,
      found: `${found}, from NaN or infinite values in the batch's ${inputs.join(', ')}`,
      fix: 'Look at how the images of this step are read, augmented and normalised',
    });
  const [ofTask, ofPlugins] = [notFinite(terms), notFinite(plugins)];
  if (ofTask.length === 0 && ofPlugins.length > 0)
    return new KcrError('LOSS_NOT_FINITE', {
      where,
      found: `${found}, from ${ofPlugins.map((name) => `plugin "${name}"`).join(', ')}`,
      fix: 'Look at what the plugin divides by or takes the logarithm of, or start a new run with a smaller weight for it',
    });
  return new KcrError('LOSS_NOT_FINITE', {
    where,
    found:
      ofTask.length > 0 ? `${found}, from ${ofTask.join(', ')}` : `${found}, a sum of finite terms`,
    fix: 'The weights have grown too large: start a new run with a lower learning rate, a longer warm-up or `clipGrad`',
  });
}
