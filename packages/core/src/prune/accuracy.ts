import type { Engine } from '../engine/engine.ts';
import type { Dataset } from '../model/batch.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import { evaluate } from '../train/classification-evaluation.ts';
import { compileInference } from '../train/inference.ts';

/** A pruned model with its weights. */
export interface PrunedModel {
  model: Model;
  weights: StateDict;
}

/** Top-1 accuracy of a model. The engine's state is the same afterwards, if it has no arrays of the weights' names. */
export async function accuracyOf(
  engine: Engine,
  { model, weights }: PrunedModel,
  data: Dataset,
  batchSize: number,
): Promise<number> {
  engine.set(weights);
  try {
    await using inference = compileInference(engine, model);
    return (await evaluate(inference, data, batchSize)).top1;
  } finally {
    engine.delete(Object.keys(weights));
  }
}
