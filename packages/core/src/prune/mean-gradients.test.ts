import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import { float32 } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/norm.ts';
import { crossEntropy } from '../ops/cross-entropy.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { regression, tinyImages, tinyModel } from '../train/testing.ts';
import {
  type GradientContext,
  type MeanGradientsOptions,
  meanGradients,
} from './mean-gradients.ts';
import { perceptron, someWeights } from './testing.ts';

let engine: Engine;
beforeEach(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterEach(() => engine.dispose());

type Loss = (context: GradientContext) => Tensor;

const entropy: Loss = ({ images, targets, apply }) => crossEntropy(apply(images).logits, targets);

const rows = [
  [1, 2],
  [-1, 0.5],
  [0, -2],
  [3, 1],
  [0.5, 0.5],
];
const labels = [0, 1, 1, 0, 1];
const data = tinyImages(rows, labels);
const model = tinyModel(regression);
const weights = {
  'head.weight': float32([2, 2], [0.5, -0.25, 0.125, 1]),
  'head.bias': float32([2], [0.25, -0.5]),
};

const gradientsOf = <L extends string>(
  losses: Record<L, Loss>,
  change: Partial<MeanGradientsOptions> = {},
) => meanGradients({ model, weights, engine, data, batchSize: 2, ...change, losses });

const close = (values: Iterable<number>, digits = 5) =>
  Array.from(values, (value) => expect.closeTo(value, digits));

/** The mean gradient of the cross-entropy over images, in float64: of the weight, then of the bias. */
function byHand(indices: readonly number[]): { weight: number[]; bias: number[] } {
  const [weight, bias] = [
    [0, 0, 0, 0],
    [0, 0],
  ];
  for (const i of indices) {
    const [x, y] = rows[i]!;
    const w = weights['head.weight'].data;
    const logits = [0, 1].map(
      (k) => w[2 * k]! * x! + w[2 * k + 1]! * y! + weights['head.bias'].data[k]!,
    );
    const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
    logits.forEach((z, k) => {
      const slope = (Math.exp(z) / total - (labels[i] === k ? 1 : 0)) / indices.length;
      weight![2 * k]! += slope * x!;
      weight![2 * k + 1]! += slope * y!;
      bias![k]! += slope;
    });
  }
  return { weight: weight!, bias: bias! };
}

describe('by weights', () => {
  test.each([1, 2, 3, 5, 9])('every image counts once; batches of %i', async (batchSize) => {
    const { loss } = await gradientsOf({ loss: entropy }, { batchSize });
    const { weight, bias } = byHand([0, 1, 2, 3, 4]);
    expect(Object.keys(loss)).toEqual(['head.weight', 'head.bias']);
    expect(loss['head.weight']).toBeInstanceOf(Float64Array);
    expect([...loss['head.weight']!]).toEqual(close(weight));
    expect([...loss['head.bias']!]).toEqual(close(bias));
  });

  test('of some images', async () => {
    const { loss } = await gradientsOf({ loss: entropy }, { indices: Int32Array.of(4, 0, 3) });
    expect([...loss['head.weight']!]).toEqual(close(byHand([4, 0, 3]).weight));
  });

  test('of some weights', async () => {
    const { loss } = await gradientsOf(
      { loss: entropy },
      { only: ({ shape }) => shape.length < 2 },
    );
    expect(Object.keys(loss)).toEqual(['head.bias']);
    expect([...loss['head.bias']!]).toEqual(close(byHand([0, 1, 2, 3, 4]).bias));
  });

  test('of several losses, each on its own; what one does not depend on is 0', async () => {
    const found = await gradientsOf({
      twice: (context) => tf.mul(entropy(context), 2),
      constant: () => tf.scalar(3),
    });
    const doubled = byHand([0, 1, 2, 3, 4]).weight.map((value) => 2 * value);
    expect([...found.twice['head.weight']!]).toEqual(close(doubled));
    expect([...found.constant['head.weight']!]).toEqual([0, 0, 0, 0]);
  });

  test('of losses that take turns, each over the images of its batches', async () => {
    const found = await gradientsOf(
      { one: entropy, two: (context) => tf.mul(entropy(context), 10) },
      { takeTurns: true },
    );
    // Batches (0, 1), (2, 3) and (4).
    expect([...found.one['head.weight']!]).toEqual(close(byHand([0, 1, 4]).weight));
    const tenfold = byHand([2, 3]).weight.map((value) => 10 * value);
    expect([...found.two['head.weight']!]).toEqual(close(tenfold));
  });

  test('in evaluation mode; running statistics are no weights', async () => {
    const training: boolean[] = [];
    const normed = tinyModel((m, pixels) => {
      training.push(m.training);
      const dim = m.dim('pixels', 2, { prunable: false });
      const features = batchNorm(m.child('norm'), pixels, dim);
      return { features, logits: features };
    });
    const state = {
      'norm.weight': float32([2], [1, 1]),
      'norm.bias': float32([2]),
      'norm.running_mean': float32([2], [1, 0]),
      'norm.running_var': float32([2], 1 - 1e-5),
      'norm.num_batches_tracked': float32([]),
    };
    const sum: Loss = ({ images, apply }) => tf.mean(tf.sum(apply(images).logits, 1));
    const { loss } = await gradientsOf({ loss: sum }, { model: normed, weights: state });
    expect(training).not.toContain(true);
    expect(Object.keys(loss)).toEqual(['norm.weight', 'norm.bias']);
    // The means of x - 1 and y over the images.
    expect([...loss['norm.weight']!]).toEqual(close([0.7 - 1, 0.4]));
  });
});

describe('what a loss may read', () => {
  test('images, one-hot targets, and the model with other weights', async () => {
    const changed: string[] = [];
    const own: Loss = ({ images, targets, apply }) => {
      const { logits } = apply(tf.mul(images, 10), (name, weight) => {
        changed.push(name);
        return tf.mul(weight, 2);
      });
      return tf.mean(tf.sum(tf.mul(logits, targets), 1));
    };
    const { loss } = await gradientsOf({ loss: own }, { indices: Int32Array.of(0, 1) });
    expect(new Set(changed)).toEqual(new Set(['head.weight', 'head.bias']));
    // 2 x 10 x (x, y) of the image of each class, by two images.
    expect([...loss['head.weight']!]).toEqual(close([10, 20, -10, 5]));
    expect([...loss['head.bias']!]).toEqual(close([1, 1]));
  });

  test('random numbers, new in every batch, from the generator', async () => {
    const noisy: Loss = ({ images, apply, draw }) =>
      tf.mul(tf.mean(apply(images).logits), tf.reshape(draw('noise', [1], 'uniform'), []));
    const drawn = async (indices: number[], seed: number) => {
      const given = { indices: Int32Array.from(indices), batchSize: 1 };
      const generator = new Generator(seed);
      const { loss } = await gradientsOf({ loss: noisy }, { ...given, generator });
      // The mean of the logits has a gradient of a half for each bias.
      return 2 * loss['head.bias']![0]!;
    };
    const generator = new Generator(3);
    const [first, second] = [0, 1].map(() => generator.array(1, 'uniform')[0]!);
    expect(await drawn([0], 3)).toBeCloseTo(first!, 5);
    expect(await drawn([0, 1], 3)).toBeCloseTo((first! + second!) / 2, 5);
  });
});

test('by channels: the gradient of a factor of each, as float64 differences give it', async () => {
  const network = perceptron();
  const state = someWeights(network);
  const pixels = [
    [1, -2, 0.5],
    [0.25, 1, -1],
    [2, 0.5, 1],
  ];
  const classes = [0, 1, 1];
  const layer = (name: string, x: readonly number[]) => {
    const { data: weight, shape } = state[`${name}.weight`]!;
    return Array.from(state[`${name}.bias`]!.data, (bias, row) =>
      x.reduce((sum, value, i) => sum + value * weight[row * shape[1]! + i]!, bias),
    );
  };
  /** The mean cross-entropy with factors for the channels of a and b. */
  const loss = (a: readonly number[], b: readonly number[]) => {
    const losses = pixels.map((x, i) => {
      const relu = (values: readonly number[], gates: readonly number[]) =>
        values.map((value, k) => Math.max(value, 0) * gates[k]!);
      const logits = layer('head', relu(layer('b', relu(layer('a', x), a)), b));
      return Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[classes[i]!]!;
    });
    return losses.reduce((sum, value) => sum + value, 0) / 3;
  };
  const ones = [1, 1, 1, 1];
  const slope = (of: (gates: readonly number[]) => number, k: number) =>
    (of(ones.with(k, 1 + 1e-4)) - of(ones.with(k, 1 - 1e-4))) / 2e-4;

  const found = await gradientsOf(
    { loss: entropy },
    { model: network, weights: state, data: tinyImages(pixels, classes), by: 'channels' },
  );
  expect(Object.keys(found.loss)).toEqual(['a.hidden', 'b.hidden']);
  const [a, b] = [found.loss['a.hidden']!, found.loss['b.hidden']!];
  expect([...a]).toEqual(close([0, 1, 2, 3].map((k) => slope((gates) => loss(gates, ones), k))));
  expect([...b]).toEqual(close([0, 1, 2].map((k) => slope((gates) => loss(ones, gates), k))));
  expect([...a, ...b].filter((value) => Math.abs(value) > 1e-3).length).toBeGreaterThan(3);
});

test('by channels: what cannot be pruned has no gate, and DIM_ROLES where nothing can', async () => {
  const fixed = tinyModel((m, pixels) => {
    const [one, two] = [m.dim('one', 2, { prunable: false }), m.dim('two', 2)];
    const x = m.tap('x', linear(m.child('fc'), pixels, 2, one), one);
    const features = m.tap('y', linear(m.child('up'), x, one, two), two);
    return { features, logits: linear(m.child('head'), features, two, 2) };
  });
  const given = { model: fixed, weights: someWeights(fixed), by: 'channels' } as const;
  const { loss } = await gradientsOf({ loss: entropy }, given);
  expect(Object.keys(loss)).toEqual(['two']);
  await expect(gradientsOf({ loss: entropy }, { by: 'channels' })).rejects.toMatchObject({
    code: 'DIM_ROLES',
  });
});

test('the engine keeps its own arrays, and none of these, also where a loss throws', async () => {
  engine.set({ own: float32([1], [7]) });
  await gradientsOf({ loss: entropy });
  expect(engine.names()).toEqual(['own']);
  const broken = () => {
    throw new Error('no such loss');
  };
  await expect(gradientsOf({ loss: broken })).rejects.toThrow('no such loss');
  expect(engine.names()).toEqual(['own']);
});
