import {
  type Adapter,
  type Architecture,
  type Criterion,
  type Dataset,
  type Dim,
  type Engine,
  type Frame,
  float32,
  Generator,
  int32,
  linear,
  Model,
  type NdArray,
  normal,
  Scope,
  type Scores,
  type StateDict,
  type TapInfo,
  type Tensor,
  tf,
} from '@kcr/core';

/** W2 (W1 x + b1) + b2 of three values, with a hidden dimension of four channels and one that is not pruned. */
const architecture: Architecture = {
  name: 'two-layers',
  module: 'test',
  contract: 1,
  tokens: 'set',
  configure: () => ({}),
  input: () => ({ shape: [1, 1, 3], classes: 2 }),
  forward(m, image) {
    const hidden = m.dim('hidden', 4);
    const fixed = m.dim('fixed', 2, { prunable: false });
    const x = tf.reshape(image, [-1, 3]);
    const options = { init: normal(1), biasInit: normal(1) };
    const h = m.tap('hidden', linear(m.child('fc1'), x, 3, hidden, options), hidden);
    const logits = m.tap('fixed', linear(m.child('fc2'), h, hidden, fixed, options), fixed);
    return { logits, features: h, tokens: tf.expandDims(h, 1), featureMaps: [] };
  },
};

export const twoLayers = new Model(architecture, {});

/** Weights by hand, so that each channel is another. */
export const weights: StateDict = {
  'fc1.weight': float32([4, 3], [1, -2, 0.5, 0, 1, 1, 0, 0, 0, 2, 1, -1]),
  'fc1.bias': float32([4], [0.5, -1, 0, 0.25]),
  'fc2.weight': float32([2, 4], [1, 0.5, 0, -1, -0.5, 2, 0, 0.75]),
  'fc2.bias': float32([2], [0.1, -0.2]),
};

/** Five images with their classes. */
export const images = [
  [1, 0, -1],
  [0.5, 2, 1],
  [-1, 1, 0],
  [0, -0.5, 2],
  [1.5, 1, 1],
];
export const labels = [0, 1, 1, 0, 1];

/** A set of images from rows of three values. */
export const dataOf = (
  rows: readonly (readonly number[])[],
  classes: readonly number[],
): Dataset => ({
  length: rows.length,
  shape: [1, 1, 3],
  labels: Int32Array.from(classes),
  classes: ['a', 'b'],
  batch: async (indices) => ({
    image: float32(
      [indices.length, 1, 1, 3],
      [...indices].flatMap((i) => [...rows[i]!]),
    ),
    label: int32(
      [indices.length],
      indices.map((i) => classes[i]!),
    ),
  }),
});

/** The scores of the hidden channels, and of which dimensions there are any. */
export async function scoresOf(
  criterion: Criterion,
  engine: Engine,
  {
    state = weights,
    data = dataOf(images, labels),
    batchSize = 2,
    seed = 1,
  }: { state?: StateDict; data?: Dataset; batchSize?: number; seed?: number } = {},
): Promise<{ hidden: number[]; names: string[] }> {
  const scores: Scores = await criterion.score({
    model: twoLayers,
    weights: state,
    engine,
    data,
    batchSize,
    generator: new Generator(seed),
  });
  return { hidden: Array.from(scores.get('hidden')!), names: [...scores.keys()] };
}

/** What an adapter is given at a tap. */
export interface Given {
  role: string;
  value: Tensor;
  dim?: Dim;
  layout?: TapInfo['layout'];
}

/** What an adapter makes of the values of one run's taps, and what it taps itself. */
export function tapped(
  adapter: Adapter,
  given: readonly Given[],
  tokens: 'set' | 'grid' = 'set',
): { values: NdArray[]; own: Record<string, NdArray[]> } {
  const none = (): never => {
    throw new Error('not needed here');
  };
  const read = (x: Tensor) => float32(x.shape, x.dataSync());
  const own: Record<string, NdArray[]> = {};
  const frame: Frame = {
    training: false,
    kept: () => undefined,
    dim: () => {},
    param: none,
    assign: () => {},
    frozen: () => false,
    tap(value, { role }) {
      own[role] = [...(own[role] ?? []), read(value)];
      return value;
    },
    cost: () => {},
    draw: none,
    schedule: none,
  };
  const tap = adapter.attach({ ...architecture, tokens });
  const values = given.map(({ role, value, dim, layout }) =>
    read(tap(new Scope(frame), value, { name: role, role, dim, layout, training: false })),
  );
  return { values, own };
}
