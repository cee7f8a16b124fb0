import { sizeOf } from '../ground/array.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Kept } from '../model/dim.ts';
import { type ApplyOptions, Model } from '../model/model.ts';
import type { Scope } from '../model/scope.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

export interface LayerOptions {
  kept?: Kept;
  adapters?: readonly Adapter[];
  /** Whether tokens are a set. Default `grid`. */
  tokens?: 'set' | 'grid';
}

/**
 * A model that is one layer.
 *
 * @param shape of one entry of the batch, [tokens, d] or [height, width, channels]
 */
export function layerModel(
  shape: readonly number[],
  layer: (m: Scope, x: Tensor) => Tensor,
  { kept, adapters, tokens = 'grid' }: LayerOptions = {},
): Model {
  const [channels, width, height = 1] = shape.toReversed() as [number, number, number?];
  const architecture = {
    name: 'layer',
    module: 'test',
    contract: 1 as const,
    tokens,
    configure: (config: object) => config,
    input: () => ({ shape: [height, width, channels] as const, classes: 0 }),
    forward(m: Scope, image: Tensor) {
      const y = layer(m, tf.reshape(image, [image.shape[0], ...shape]));
      return { logits: y, features: tf.reshape(y, [y.shape[0]!, -1]), tokens: y, featureMaps: [] };
    },
  };
  return new Model(architecture, {}, kept, adapters);
}

/** Numbers in -1..1 that look irregular and are the same everywhere, in float32's precision. */
export const wave = (n: number, phase = 0): number[] =>
  Array.from({ length: n }, (_, i) => Math.fround(Math.sin(1.7 * i + 0.11 * i * i + phase)));

/** Values for all parameters and buffers of a model, each other ones. */
export const waveWeights = (model: Model): Record<string, number[]> =>
  Object.fromEntries(
    model.params.map(({ name, shape }, i) => [name, wave(sizeOf(shape), 1 + 2.3 * i)]),
  );

export interface LayerRun {
  shape: number[];
  y: number[];
  /** Values of the taps by name. */
  taps: Record<string, number[]>;
  /** Next values of the buffers by name. */
  assigned: Record<string, number[]>;
}

/**
 * Runs a model on the TensorFlow.js backend in use.
 *
 * @param x a batch, row-major
 */
export function runLayer(
  model: Model,
  x: readonly number[],
  weights: Readonly<Record<string, readonly number[]>>,
  options: Omit<ApplyOptions, 'state' | 'assign'> = {},
): LayerRun {
  return tf.tidy(() => {
    const specs = new Map(model.params.map((spec) => [spec.name, spec]));
    const taps: Record<string, number[]> = {};
    const assigned: Record<string, number[]> = {};
    const image = tf.tensor([...x], [x.length / sizeOf(model.inputShape), ...model.inputShape]);
    const { logits } = model.apply(image, {
      ...options,
      state: (name) => {
        const { shape, dtype } = specs.get(name)!;
        return tf.tensor([...weights[name]!], [...shape], dtype);
      },
      assign: (name, value) => {
        assigned[name] = [...value.dataSync()];
      },
      tap: (value, info) => {
        taps[info.name] = [...value.dataSync()];
        return options.tap?.(value, info) ?? value;
      },
    });
    return { shape: logits.shape, y: [...logits.dataSync()], taps, assigned };
  });
}

/** Rows of a row-major matrix of `columns` columns. */
export const rowsOf = (values: readonly number[], columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, i) =>
    values.slice(i * columns, (i + 1) * columns),
  );
