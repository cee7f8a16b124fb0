import type { FitOptions, FitResult } from './fit-options.ts';
import { TrainingLoop } from './training-loop.ts';

/**
 * Trains a model with plugins.
 *
 * @throws KcrError `BATCH_SIZE`, `DATASET_*`, `LOSS_NOT_FINITE`, `RESUME_MISMATCH`, `PLUGIN_*`
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  await using loop = new TrainingLoop(options, 'fit');
  return await loop.run();
}
