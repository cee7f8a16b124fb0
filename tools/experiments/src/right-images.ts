import {
  batches,
  batchOrder,
  compileInference,
  type Dataset,
  type Engine,
  type PrunedModel,
  range,
} from '@kcr/core';
import { toBits } from './bits.ts';

/** What `read` makes of each image's logits. */
export async function perImage<T>(
  engine: Engine,
  { model, weights }: PrunedModel,
  data: Dataset,
  read: (logits: Float32Array, label: number) => T,
): Promise<T[]> {
  engine.set(weights);
  await using inference = compileInference(engine, model);
  const found: T[] = [];
  for await (const { batch } of batches(data, batchOrder(range(data.length), 250))) {
    const logits = (await inference({ image: batch.image })).logits!;
    const classes = logits.shape[1]!;
    batch.label.data.forEach((label, i) => {
      found.push(
        read(Float32Array.from(logits.data.subarray(i * classes, (i + 1) * classes)), label),
      );
    });
  }
  return found;
}

/** Which images a model classifies rightly, as `toBits` writes it. */
export const rightImages = async (
  engine: Engine,
  candidate: PrunedModel,
  data: Dataset,
): Promise<string> =>
  toBits(
    await perImage(engine, candidate, data, (logits, label) =>
      logits.every((value, k) => k === label || value < logits[label]!),
    ),
  );
