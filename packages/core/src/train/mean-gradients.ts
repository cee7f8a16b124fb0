import { sizeOf } from '../array.ts';
import type { Engine } from '../engine.ts';
import type { Model, ModelOutput, StateDict } from '../model.ts';
import { oneHot } from '../ops/cross-entropy.ts';
import { valueAndGradients } from '../ops/gradients.ts';
import type { Tensor } from '../tf.ts';
import { batches, batchOrder, type Dataset, range } from './dataset.ts';

/** What a loss for {@link meanGradients} may read. */
export interface GradientContext {
  /** The images as they are read, [batch, height, width, channels]. */
  images: Tensor;
  /** One-hot, [batch, classes]. */
  targets: Tensor;
  /** Runs the model in evaluation mode. */
  apply(images: Tensor): ModelOutput;
  /** Values that gradients do not pass through. */
  reference: Readonly<Record<string, Tensor>>;
}

export interface MeanGradientsOptions {
  model: Model;
  weights: StateDict;
  engine: Engine;
  data: Dataset;
  /** Which images. Default: all. */
  indices?: Int32Array;
  batchSize: number;
  /** What losses find in `reference`. */
  reference?(context: GradientContext): Record<string, Tensor>;
  /** Scalar losses by name, each a mean over the batch's images. */
  losses: Readonly<Record<string, (context: GradientContext) => Tensor>>;
}

/** A value for each weight, by parameter. */
export type WeightValues = Readonly<Record<string, Float64Array>>;

/**
 * Gradients of losses by all trained weights in evaluation mode, the mean over images.
 *
 * @returns by loss, in float64
 */
export async function meanGradients<L extends string>(
  options: MeanGradientsOptions & { losses: Record<L, (context: GradientContext) => Tensor> },
): Promise<Record<L, WeightValues>> {
  const { model, weights, engine, data, indices = range(data.length), batchSize } = options;
  const trained = model.params.filter((p) => p.trainable);
  const names = Object.keys(options.losses) as L[];
  engine.set(weights);
  const step = engine.compile('gradients', ({ inputs, state }) => {
    const images = inputs.image!;
    const targets = oneHot(inputs.label!, model.classes);
    const apply = (x: Tensor) => model.apply(x, { state });
    const plain = { images, targets, apply, reference: {} };
    const context = { ...plain, reference: options.reference?.(plain) ?? {} };
    const parameters = trained.map((p) => state(p.name));
    const outputs: Record<string, Tensor> = {};
    for (const name of names) {
      const { gradients } = valueAndGradients(
        () => ({ loss: options.losses[name](context), aux: {} }),
        parameters,
      );
      trained.forEach((p, i) => (outputs[`${name}/${p.name}`] = gradients[i]!));
    }
    return { outputs };
  });
  const sums = Object.fromEntries(
    names.map((name) => [
      name,
      Object.fromEntries(trained.map((p) => [p.name, new Float64Array(sizeOf(p.shape))])),
    ]),
  ) as Record<L, Record<string, Float64Array>>;
  for await (const { batch } of batches(data, batchOrder(indices, batchSize))) {
    const share = batch.label.data.length / indices.length;
    const found = await step({ image: batch.image, label: batch.label });
    for (const name of names)
      for (const p of trained) {
        const [sum, gradient] = [sums[name][p.name]!, found[`${name}/${p.name}`]!.data];
        for (let i = 0; i < sum.length; i++) sum[i]! += share * gradient[i]!;
      }
  }
  await step.dispose();
  engine.delete(Object.keys(weights));
  return sums;
}
