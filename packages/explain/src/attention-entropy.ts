import {
  batches,
  batchOrder,
  type Dataset,
  type Engine,
  type Model,
  type Tensor,
  tf,
} from '@kcr/core';
import { someImages } from './some-images.ts';
import { applyWithTaps, findTap, tapsOf } from './taps.ts';

/** Images where none are named. */
const IMAGES = 256;

export interface AttentionEntropyOptions {
  batchSize?: number;
  /**
   * Which images. Default: all, but at most 256, spread evenly over the set: an entropy for each row of the weights is kept, 7,000 of an
   * image of DeiT-Tiny.
   */
  indices?: Int32Array;
}

/** Entropies in nats of the rows of one layer's attention weights. */
export interface LayerEntropies {
  /** Tokens that one attends to: the length of a row. */
  tokens: number;
  /** By head, those of all queries and images. */
  heads: Float32Array[];
}

/**
 * How widely each token attends, H = -sum_j w_j log w_j over its row of the attention weights: 0 where it
 * attends to one token alone, log(tokens) where to all alike (DCS, figure 6).
 *
 * @param engine its state has the model's weights
 * @returns by tap `weights`, in the order of the model
 * @throws KcrError `TAP_UNKNOWN` for a model without attention weights, as with linear attention
 */
export async function attentionEntropy(
  engine: Engine,
  model: Model,
  images: Dataset,
  { batchSize = 64, indices = someImages(images.length, IMAGES) }: AttentionEntropyOptions = {},
): Promise<Map<string, LayerEntropies>> {
  findTap(model, 'weights');
  const names = new Set(tapsOf(model, 'weights').map(({ name }) => name));
  await using step = engine.compile('attention-entropy', (context) => {
    const outputs: Record<string, Tensor> = {};
    applyWithTaps(model, context, names, (weights, name) => {
      // A weight that has become 0 has no share: 0 log 0 = 0.
      const log = tf.log(tf.maximum(weights, 1e-30));
      outputs[name] = tf.neg(tf.sum(tf.mul(weights, log), -1));
      return weights;
    });
    return { outputs };
  });
  const found = new Map<string, { tokens: number; heads: number[][] }>();
  for await (const { batch } of batches(images, batchOrder(indices, batchSize)))
    for (const [name, { shape, data }] of Object.entries(await step({ image: batch.image }))) {
      // [entries, heads, tokens]
      const [, heads, tokens] = shape as [number, number, number];
      const layer = found.get(name) ?? { tokens, heads: Array.from({ length: heads }, () => []) };
      found.set(name, layer);
      for (let i = 0; i < data.length; i++)
        layer.heads[Math.floor(i / tokens) % heads]!.push(data[i]!);
    }
  return new Map(
    [...found].map(([name, { tokens, heads }]) => [
      name,
      { tokens, heads: heads.map((rows) => Float32Array.from(rows)) },
    ]),
  );
}

/**
 * Shares of values in equal bins from 0 to `most`.
 *
 * @returns the upper end of each bin, and its share of the values
 */
export function histogram(
  values: ArrayLike<number>,
  most: number,
  bins = 24,
): { upTo: number; share: number }[] {
  const counts = new Float64Array(bins);
  for (let i = 0; i < values.length; i++)
    counts[Math.max(0, Math.min(bins - 1, Math.floor((values[i]! / most) * bins)))]!++;
  return Array.from(counts, (count, k) => ({
    upTo: (most * (k + 1)) / bins,
    share: count / values.length,
  }));
}
