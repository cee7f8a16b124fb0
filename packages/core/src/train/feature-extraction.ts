import type { CompiledStep } from '../engine/engine.ts';
import { float32, joinRows, type NdArray } from '../ground/array.ts';
import type { ImageSet } from '../model/batch.ts';
import { batches, batchOrder, range } from './batches.ts';

/** The classifier's inputs over a data set, float32 [n, d]. */
export const extractFeatures = (
  inference: CompiledStep,
  dataset: ImageSet,
  batchSize: number,
  indices?: Int32Array,
): Promise<NdArray> => extract(inference, dataset, batchSize, { output: 'features', indices });

/** A model's logits over a data set, float32 [n, classes]. */
export const extractLogits = (
  inference: CompiledStep,
  dataset: ImageSet,
  batchSize: number,
): Promise<NdArray> => extract(inference, dataset, batchSize, { output: 'logits' });

async function extract(
  inference: CompiledStep,
  dataset: ImageSet,
  batchSize: number,
  {
    output,
    indices = range(dataset.length),
  }: { output: 'features' | 'logits'; indices?: Int32Array },
): Promise<NdArray> {
  const rows: NdArray[] = [];
  for await (const { batch } of batches(dataset, batchOrder(indices, batchSize)))
    rows.push((await inference({ image: batch.image }))[output]!);
  return rows.length > 0 ? joinRows(rows) : float32([0, 0]);
}
