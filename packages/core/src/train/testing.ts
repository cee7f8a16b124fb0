import { float32, int32 } from '../ground/array.ts';
import { linear } from '../layers/linear.ts';
import type { Architecture } from '../model/architecture.ts';
import type { Dataset } from '../model/batch.ts';
import { Model } from '../model/model.ts';
import type { ModelOutput } from '../model/model-output.ts';
import type { Scope } from '../model/scope.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import type { AdamWOptions } from './adamw.ts';
import { definePlugin, type Plugin } from './plugin.ts';

/** The part of a model that a test is about: from pixels [batch, n] to features and logits. */
export type Layers = (m: Scope, pixels: Tensor) => Pick<ModelOutput, 'features' | 'logits'>;

export interface TinyOptions extends Partial<Pick<Architecture, 'task'>> {
  /** Pixels of an image; its shape is [1, 1, pixels]. Default 2. */
  pixels?: number;
  /** Default 2. */
  classes?: number;
}

/** The softmax regression whose features are the pixels: weights `head.weight` and `head.bias`. */
export const regression: Layers = (m, pixels) => {
  const features = m.tap('features', pixels);
  return { features, logits: linear(m.child('head'), features, pixels.shape[1]!, 2) };
};

/** A model of a few layers on a few pixels. */
export function tinyModel(layers: Layers, options: TinyOptions = {}): Model {
  const { pixels = 2, classes = 2, task } = options;
  const architecture: Architecture = {
    name: 'tiny',
    module: 'test',
    contract: 1,
    tokens: 'set',
    task,
    configure: (config) => config,
    input: () => ({ shape: [1, 1, pixels], classes }),
    forward(m, image) {
      const out = layers(m, tf.reshape(image, [-1, pixels]));
      return { ...out, tokens: tf.expandDims(out.features, 1), featureMaps: [] };
    },
  };
  return new Model(architecture, {});
}

/** A plugin without options. */
export const plainPlugin = (name: string, attach: Plugin['setup']): Plugin =>
  definePlugin({ name, contract: 1, attach: () => attach })({});

/** Images of shape [1, 1, n] as rows of pixels, with a class each. */
export function tinyImages(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  classes = 2,
): Dataset {
  const n = rows[0]!.length;
  return {
    length: rows.length,
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
    shape: [1, 1, n],
    labels: Int32Array.from(labels),
    batch: async (indices) => ({
      image: float32(
        [indices.length, 1, 1, n],
        [...indices].flatMap((i) => [...rows[i]!]),
      ),
      label: int32(
        [indices.length],
        indices.map((i) => labels[i]!),
      ),
    }),
  };
}

/**
 * `torch.optim.AdamW` as its documentation says it, in float64, for one number.
 *
 * @returns the next value, from the value, its gradient and the learning rate
 */
export function torchAdamW({ betas: [beta1, beta2], eps, weightDecay }: AdamWOptions) {
  let [m, v, t] = [0, 0, 0];
  return (value: number, gradient: number, lr: number): number => {
    t++;
    m = beta1 * m + (1 - beta1) * gradient;
    v = beta2 * v + (1 - beta2) * gradient ** 2;
    const [meanM, meanV] = [m / (1 - beta1 ** t), v / (1 - beta2 ** t)];
    return value - lr * weightDecay * value - (lr * meanM) / (Math.sqrt(meanV) + eps);
  };
}
