import {
  type Architecture,
  type Dataset,
  type Engine,
  float32,
  int32,
  linear,
  Model,
  type NdArray,
  type Scope,
  type StateDict,
  type Tensor,
  type TokenLayout,
  tf,
} from '@kcr/core';

/** A model whose forward pass is a few taps. */
export const modelOf = (
  shape: readonly [number, number, number],
  forward: (m: Scope, image: Tensor) => Tensor,
): Model => {
  const architecture: Architecture = {
    name: 'taps',
    module: 'test',
    contract: 1,
    tokens: 'set',
    configure: () => ({}),
    input: () => ({ shape, classes: 2 }),
    forward(m, image) {
      const features = forward(m, image);
      const logits = linear(m.child('head'), features, features.shape[1]!, 2);
      return { logits, features, tokens: tf.expandDims(features, 1), featureMaps: [] };
    },
  };
  return new Model(architecture, {});
};

/**
 * A model whose attention weights are its image, [heads * tokens, tokens, 1], after a factor of its own.
 *
 * @param parts entries of the batch for each image, as windows are
 */
export const attentionModel = (
  layers: readonly { heads: number; tokens: number; layout?: TokenLayout; parts?: number }[],
): Model => {
  const size = layers.reduce(
    (sum, { heads, tokens, parts = 1 }) => sum + parts * heads * tokens * tokens,
    0,
  );
  return modelOf([1, 1, size], (m, image) => {
    const flat = tf.reshape(image, [-1, size]);
    let at = 0;
    const means = layers.map(({ heads, tokens, layout, parts = 1 }, i) => {
      const own = parts * heads * tokens * tokens;
      const rows = tf.slice(flat, [0, at], [-1, own]);
      at += own;
      const weights = tf.reshape(rows, [-1, heads, tokens, tokens]);
      const seen = m.child(i).tap('weights', weights, undefined, { layout });
      return tf.mean(tf.reshape(seen, [-1, own]), 1, true);
    });
    return tf.concat(means, 1);
  });
};

/** Weights by hand for the classifier, zeros for its bias, on an engine. */
export function setHead(engine: Engine, model: Model, rows: readonly (readonly number[])[]): void {
  const state: StateDict = {
    'head.weight': float32([2, rows[0]!.length], rows.flat()),
    'head.bias': float32([2]),
  };
  model.checkState(state, 'test');
  engine.set(state);
}

/** Images in a row, one entry of the batch each. */
export const imagesOf = (
  shape: readonly number[],
  images: readonly (readonly number[])[],
): NdArray => float32([images.length, ...shape], images.flat());

/** The same as a set of images. */
export const dataOf = (
  shape: readonly [number, number, number],
  images: readonly (readonly number[])[],
): Dataset => ({
  length: images.length,
  shape,
  labels: new Int32Array(images.length),
  classes: ['a', 'b'],
  batch: async (indices) => ({
    image: imagesOf(
      shape,
      Array.from(indices, (i) => images[i]!),
    ),
    label: int32([indices.length], new Int32Array(indices.length)),
  }),
});

/** An array as nested rows of its last axis. */
export const rowsOf = ({ shape, data }: NdArray): number[][] => {
  const width = shape.at(-1)!;
  return Array.from({ length: data.length / width }, (_, i) =>
    Array.from(data.slice(i * width, (i + 1) * width)),
  );
};

/** A grid of 2 x 2 with a class token first. */
export const withClassToken: TokenLayout = { height: 2, width: 2, positions: [-1, 0, 1, 2, 3] };
