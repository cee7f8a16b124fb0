import {
  type Architecture,
  arange,
  createEagerEngine,
  type Dataset,
  defineCriterion,
  defineTokenSelector,
  float32,
  linear,
  Model,
  type StateDict,
  type TokenCounts,
  tf,
  tokensToKeep,
} from '@kcr/core';
import type { CascadeOptions } from './cascade-options.ts';

const [classes, places, width] = [4, 6, 8];

/**
 * Two blocks over six tokens of four channels, one for each class. A block has eight hidden channels, of which the
 * first four pass the four classes on. The scores of the classes are the means of the channels.
 */
const relay: Architecture = {
  name: 'relay',
  module: 'test',
  contract: 1,
  tokens: 'set',
  configure: (config) => config,
  input: () => ({ shape: [1, places, classes] as const, classes }),
  forward(m, image) {
    const layout = { height: 1, width: places, positions: [0, 1, 2, 3, 4, 5] };
    const stream = m.dim('stream', classes, { prunable: false });
    let x = tf.reshape(image, [-1, places, classes]);
    for (const i of [0, 1]) {
      const block = m.child('blocks').child(i);
      const [images, n] = x.shape as [number, number];
      block.tap('weights', tf.fill([images, 1, n, n], 1 / n));
      x = block.tap('tokens', x, stream, { layout: n === places ? layout : undefined });
      const hidden = block.dim('hidden', width);
      const made = linear(block.child('fc1'), x, stream, hidden, { bias: false });
      const inner = block.tap('hidden', made, hidden);
      x = linear(block.child('fc2'), inner, hidden, stream, { bias: false });
    }
    const features = m.tap('features', tf.mean(x, 1), stream);
    return { logits: features, features, tokens: x, featureMaps: [] };
  },
};

/** 1 on the diagonal. [rows, columns] */
const identity = (rows: number, columns: number) =>
  float32(
    [rows, columns],
    Array.from({ length: rows * columns }, (_, i) =>
      Math.floor(i / columns) === i % columns ? 1 : 0,
    ),
  );

export const model = new Model(relay, {});

export const weights: StateDict = Object.fromEntries(
  model.params.map(({ name, shape }) => [name, identity(shape[0]!, shape[1]!)]),
);

/** Two images of each class: the one of class c is 1 in channel c of token c, and 0 elsewhere. */
export const data: Dataset = {
  length: 2 * classes,
  classes: ['a', 'b', 'c', 'd'],
  shape: model.inputShape,
  labels: Int32Array.from({ length: 2 * classes }, (_, i) => i % classes),
  batch: async (indices) => ({
    image: float32(
      [indices.length, ...model.inputShape],
      [...indices].flatMap((i) =>
        Array.from({ length: places * classes }, (_, at) =>
          at === (i % classes) * classes + (i % classes) ? 1 : 0,
        ),
      ),
    ),
    label: { dtype: 'int32', shape: [indices.length], data: indices.map((i) => i % classes) },
  }),
};

/** Takes out the last channels first. */
const fromTheEnd = defineCriterion({
  name: 'from-the-end',
  contract: 1,
  score:
    (_: object) =>
    ({ model: { dims } }) => {
      const hidden = [...dims.values()].filter(({ role }) => role === 'hidden');
      return new Map(
        hidden.map(({ name, size }) => [name, Array.from({ length: size }, (_v, i) => -i)]),
      );
    },
});

/** Takes out the last tokens first. */
const firstTokens = defineTokenSelector({
  name: 'first-tokens',
  module: 'test',
  contract: 1,
  select: (options: TokenCounts) => ({
    keep: tokensToKeep('first-tokens', options),
    scores: ({ fromMap }) => tf.squeeze(fromMap(tf.neg(arange([1, 1, places, 1], -places))), [2]),
  }),
});

export const tokenSelector = (counts: readonly number[]) => firstTokens({ counts });

/** A cascade of channels alone, whose blocks may cost 30 points each. */
export const cascade = async (more: Partial<CascadeOptions> = {}): Promise<CascadeOptions> => ({
  model,
  weights,
  engine: await createEagerEngine({ backend: 'cpu' }),
  data,
  batchSize: 3,
  seed: 1,
  epsilon: 60,
  rho: 0.5,
  criterion: fromTheEnd({}),
  ...more,
});
