import { createEagerEngine, float32, tf, valueAndGradients } from '@kcr/core';
import { Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { balanceGradient } from './balance-gradient.ts';

/** Features, of which the second is outside the basis, and weights whose dot product with them is the loss. */
async function gradients(features: number[], weights: number[], share: number) {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  await using step = engine.compile('balanced', ({ inputs }) => {
    const { f, v, w, share: part } = inputs;
    const run = () => {
      const out = balanceGradient({ features: f!, basis: v!, share: part! });
      return { loss: tf.sum(tf.mul(out, w!)), aux: {} };
    };
    const { loss, gradients: found } = valueAndGradients(run, [f!]);
    return { outputs: { loss, gradient: found[0]! } };
  });
  const { loss, gradient } = await step({
    f: float32([2, 2], features),
    v: float32([2, 1], [1, 0]),
    w: float32([2, 2], weights),
    share: float32([], [share]),
  });
  return { loss: loss!.data[0]!, gradient: Array.from(gradient!.data) };
}

test('by hand: the term is added to the gradient in a share of its norm, and the value stays', async () => {
  // Outside the basis lie 3 and -4, of norm 5; the loss's gradient has the norm 10.
  const weights = [6, 0, 0, 8];
  const { loss, gradient } = await gradients([1, 3, 2, -4], weights, 0.5);
  expect(loss).toBeCloseTo(6 - 32, 5);
  expect(gradient).toEqual([6, 3, 0, 4].map((x) => expect.closeTo(x, 5)));
});

test('the scale of the features and that of the loss do not matter to the share', async () => {
  const norm = (a: number[], b: number[]) => Math.hypot(...a.map((x, i) => x - b[i]!));
  for (const scale of [1e-3, 1, 1e3])
    for (const size of [0.01, 100]) {
      const weights = [6, 1, -2, 8].map((x) => x * size);
      const { gradient } = await gradients(
        [1, 3, 2, -4].map((x) => x * scale),
        weights,
        0.2,
      );
      expect(norm(gradient, weights) / Math.hypot(...weights)).toBeCloseTo(0.2, 4);
    }
});

test.each([
  ['a share of 0', [1, 3, 2, -4], [6, 1, -2, 8], 0],
  ['features in the subspace', [1, 0, 2, 0], [6, 1, -2, 8], 0.5],
  ['no loss', [1, 3, 2, -4], [0, 0, 0, 0], 0.5],
])('%s: the gradient as it was', async (_, features, weights, share) => {
  const { gradient } = await gradients(features, weights, share);
  expect(gradient).toEqual(weights.map((x) => expect.closeTo(x, 6)));
});

test('the direction is the one of the distance from the subspace', async () => {
  // d/dF of ||(I - V V^T) F||^2 / 2 for V the first axis.
  const f = new Matrix([
    [1, 3],
    [2, -4],
  ]);
  const outside = Matrix.sub(f, f.mmul(Matrix.diag([1, 0])));
  const { gradient } = await gradients(f.to1DArray(), [0, 5, 0, 0], 1);
  const added = gradient.map((x, i) => x - [0, 5, 0, 0][i]!);
  expect(added).toEqual(outside.to1DArray().map((x) => expect.closeTo(x, 5)));
});
