import { float32, sizeOf } from '../ground/array.ts';
import { attention } from '../layers/attention.ts';
import { linear } from '../layers/linear.ts';
import { transformerBlock } from '../layers/transformer-block.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import { tf } from '../tensor/tf.ts';
import { type Layers, tinyModel } from '../train/testing.ts';
import type { AllocationContext } from './allocator.ts';
import type { Scores } from './selection.ts';

const perceptronLayers: Layers = (m, pixels) => {
  const [a, b] = [m.child('a'), m.child('b')];
  const [first, second] = [a.dim('hidden', 4), b.dim('hidden', 3)];
  const low = a.tap('hidden', tf.relu(linear(a, pixels, 3, first)), first);
  const features = b.tap('hidden', tf.relu(linear(b, low, first, second)), second);
  return { features, logits: linear(m.child('head'), features, second, 2) };
};

/**
 * Three pixels, 4 channels of `a.hidden`, 3 of `b.hidden`, two classes. With p and q channels left it has
 * 3p + pq + 2q MACs and 4p + (p + 1)q + 2q + 2 parameters; whole 30 and 39.
 */
export const perceptron = (): Model => tinyModel(perceptronLayers, { pixels: 3 });

/**
 * Transformer blocks `blocks.0`, ... on two tokens of 4 channels, with two heads. Dims of each: `attn.qk` and `attn.v`
 * of 4 channels, `mlp.io`, a view of the 4, and `mlp.hidden` of 6.
 */
export const transformer = (depth = 1): Model =>
  tinyModel(
    (m, pixels) => {
      const embed = m.dim('embed', 4, { prunable: false });
      let x: tf.Tensor = tf.reshape(pixels, [-1, 2, 4]);
      for (let i = 0; i < depth; i++)
        x = transformerBlock(
          m.child(`blocks.${i}`),
          x,
          embed,
          (at, tokens) => attention(at, tokens, embed, { heads: 2 }),
          { mlp: { ratio: 1.5 } },
        );
      const features = tf.mean(x, 1);
      return { features, logits: linear(m.child('head'), features, embed, 2) };
    },
    { pixels: 8 },
  );

/** Weights in -1..1 that all differ, without a pattern; statistics and counters too. */
export const someWeights = (model: Model): StateDict =>
  Object.fromEntries(
    model.params.map(({ name, shape }, k) => [
      name,
      float32(
        shape,
        Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1 + 5 * k + 3 * i)),
      ),
    ]),
  );

/** What an allocator reads: a whole model that is brought all the way at once. */
export function allocation(
  model: Model,
  scores: Readonly<Record<string, readonly number[]>>,
  change: Partial<AllocationContext> = {},
): AllocationContext {
  const weights = someWeights(model);
  return {
    model,
    weights,
    scores: new Map(Object.entries(scores)) satisfies Scores,
    whole: model,
    wholeWeights: weights,
    progress: 1,
    path: 'linear',
    later: [],
    accuracy: () => Promise.reject(new Error('no accuracy is needed')),
    ...change,
  };
}
