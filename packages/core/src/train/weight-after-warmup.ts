import { KcrError } from '../ground/error.ts';
import type { PluginRun } from './plugin.ts';

/**
 * A regulariser's weight that is 0 for the first epochs.
 *
 * @param plugin its name, for messages
 * @param warmup share of the epochs, 0 to 1
 * @returns the first epoch with the weight, and the input `eta`
 * @throws KcrError `OPTION`
 */
export function weightAfterWarmup(run: PluginRun, plugin: string, eta: number, warmup: number) {
  if (!(warmup >= 0 && warmup <= 1))
    throw new KcrError('OPTION', {
      where: `${plugin}, warmup`,
      found: String(warmup),
      fix: 'Give the share of the epochs without the regulariser, 0 to 1',
    });
  const starts = Math.round(warmup * run.epochs);
  return { starts, weight: run.input('eta', ({ epoch }) => (epoch < starts ? 0 : eta)) };
}
