import { Generator, imageBatches, type LoadedModel, type NdArray } from '@kcr/core';
import type { OnEvent } from './events.ts';
import { findTaskKit } from './tasks/find-task-kit.ts';
import type { EvaluationData } from './tasks/task-kit.ts';

export interface CalibrationOptions {
  /** How many images, drawn by `seed`; default 256, at most all. */
  readonly count?: number;
  /** Images at once. Default 16. */
  readonly batchSize?: number;
  /** Default 0. */
  readonly seed?: number;
  readonly on?: OnEvent;
}

/**
 * Images for the calibration of an export, prepared as the checkpoint says, the same each time that they are read.
 *
 * @throws KcrError those of reading the data
 */
export async function calibrationImages(
  loaded: LoadedModel,
  request: EvaluationData,
  { count = 256, batchSize = 16, seed = 0, on = () => {} }: CalibrationOptions = {},
): Promise<() => AsyncIterable<NdArray>> {
  const kit = await findTaskKit(loaded.model);
  const data = await kit.evaluationData(loaded, { cacheBytes: 0, ...request }, on);
  const drawn = new Generator(seed).permutation(data.length).slice(0, count).sort();
  return () => imageBatches(data, batchSize, drawn);
}
