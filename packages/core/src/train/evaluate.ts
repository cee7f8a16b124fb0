import { type NdArray, shapeText } from '../array.ts';
import type { CompiledStep, Engine, StepResult } from '../engine.ts';
import { KcrError } from '../error.ts';
import { type Classification, ClassificationMeter } from '../metrics.ts';
import type { ApplyOptions, Model, ModelOutput } from '../model.ts';
import { batches, batchOrder, type ImageSet, type LabelledBatch, range } from './dataset.ts';

export interface InferenceOptions {
  /** Prefix of the parameters' names in the engine. */
  prefix?: string;
  tap?: ApplyOptions['tap'];
}

/** Compiles a model in evaluation mode: input `image`, and of its output what `read` gives. */
const compileReading = (
  engine: Engine,
  model: Model,
  name: string,
  { prefix = '', tap }: InferenceOptions,
  read: (out: ModelOutput) => StepResult['outputs'],
): CompiledStep =>
  engine.compile(name, ({ inputs, state }) => ({
    outputs: read(model.apply(inputs.image!, { state: (param) => state(prefix + param), tap })),
  }));

/** Compiles what a model's classifier reads: input `image`, output `features`. */
export const compileFeatures = (
  engine: Engine,
  model: Model,
  options: InferenceOptions = {},
): CompiledStep =>
  compileReading(engine, model, 'features', options, ({ features }) => ({ features }));

/** Compiles a model's evaluation: input `image`, outputs `features` and those of its task (`logits`). */
export const compileInference = (
  engine: Engine,
  model: Model,
  options: InferenceOptions = {},
): CompiledStep =>
  compileReading(engine, model, 'inference', options, (out) => ({
    ...model.task.outputs(out),
    features: out.features,
  }));

/**
 * Checks that a model can be used on a data set.
 *
 * @throws KcrError `DATASET_CLASSES`, `DATASET_SHAPE`, `DATASET_EMPTY`
 */
export function checkDataset(model: Model, dataset: ImageSet, where: string): void {
  if (dataset.length === 0)
    throw new KcrError('DATASET_EMPTY', { where, found: 'no images', fix: 'Check the path' });
  if (dataset.classes.length !== model.classes)
    throw new KcrError('DATASET_CLASSES', {
      where,
      found: `${dataset.classes.length} classes for a model of ${model.classes}`,
      fix: 'Use data with the classes that the model was trained for',
    });
  if (shapeText(dataset.shape) !== shapeText(model.inputShape))
    throw new KcrError('DATASET_SHAPE', {
      where,
      found: `images of ${shapeText(dataset.shape)} for a model of ${shapeText(model.inputShape)}`,
      fix: "Load the data at the model's image size",
    });
}

/** Accuracy and loss of a compiled inference step over a data set. */
export async function evaluate(
  inference: CompiledStep,
  dataset: ImageSet<LabelledBatch>,
  batchSize: number,
): Promise<Classification> {
  const meter = new ClassificationMeter();
  for await (const { batch } of batches(dataset, batchOrder(range(dataset.length), batchSize)))
    meter.add((await inference({ image: batch.image })).logits!, batch.label.data);
  return meter.result;
}

/** The classifier's inputs over a data set, float32 [n, d]. */
export const extractFeatures = (
  inference: CompiledStep,
  dataset: ImageSet,
  batchSize: number,
  indices?: Int32Array,
): Promise<NdArray> => extract(inference, 'features', dataset, batchSize, indices);

/** A model's logits over a data set, float32 [n, classes]. */
export const extractLogits = (
  inference: CompiledStep,
  dataset: ImageSet,
  batchSize: number,
): Promise<NdArray> => extract(inference, 'logits', dataset, batchSize);

async function extract(
  inference: CompiledStep,
  output: 'features' | 'logits',
  dataset: ImageSet,
  batchSize: number,
  indices: Int32Array = range(dataset.length),
): Promise<NdArray> {
  const rows: NdArray[] = [];
  for await (const { batch } of batches(dataset, batchOrder(indices, batchSize)))
    rows.push((await inference({ image: batch.image }))[output]!);
  const d = rows[0]?.shape[1] ?? 0;
  const data = new Float32Array(indices.length * d);
  let offset = 0;
  for (const { data: part } of rows) {
    data.set(part, offset);
    offset += part.length;
  }
  return { dtype: 'float32', shape: [indices.length, d], data };
}
