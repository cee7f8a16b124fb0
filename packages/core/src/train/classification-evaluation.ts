import type { CompiledStep } from '../engine/engine.ts';
import type { ImageSet, LabelledBatch } from '../model/batch.ts';
import { batches, batchOrder, range } from './batches.ts';
import { type Classification, ClassificationMeter } from './classification-metrics.ts';

/** Accuracy and loss of a compiled inference step over a data set. */
export async function evaluate(
  inference: CompiledStep,
  dataset: ImageSet<LabelledBatch>,
  batchSize: number,
  onImage?: (right: boolean) => void,
): Promise<Classification> {
  const meter = new ClassificationMeter(onImage);
  for await (const { batch } of batches(dataset, batchOrder(range(dataset.length), batchSize)))
    meter.add((await inference({ image: batch.image })).logits!, batch.label.data);
  return meter.result;
}
