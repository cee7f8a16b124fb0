import { makeDim, type Tensor, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import {
  close,
  engines,
  expectClose,
  first,
  fixture,
  last,
  listOf,
  runOn,
  scopeOf,
} from '../testing.ts';
import { upsample } from './upsample.ts';

const { x, weight, bias, upsampled } = await fixture('head_ops');

test.each(Object.entries(engines))(
  "on %s it is PyTorch's ConvTranspose2d",
  async (_, makeEngine) => {
    const op = (inputs: Record<string, Tensor>) => {
      const y = upsample(scopeOf(inputs).m, last(inputs.x!), makeDim('in', 3), makeDim('out', 4));
      return { y: first(y) };
    };
    const { y } = await runOn(makeEngine, op, { x: x!, weight: weight!, bias: bias! });
    expectClose(y!, upsampled!, 1e-4);
  },
);

test('by hand: each pixel becomes the kernel times its value, and the bias', async () => {
  const values = await listOf(() => {
    const { m } = scopeOf({
      weight: tf.tensor4d([
        [
          [
            [1, 2],
            [3, 4],
          ],
        ],
      ]),
      bias: tf.tensor1d([0.5]),
    });
    return upsample(m, tf.tensor4d([[[[1], [10]]]]), makeDim('in', 1), makeDim('out', 1));
  });
  expect(values).toEqual(close([1.5, 2.5, 10.5, 20.5, 3.5, 4.5, 30.5, 40.5]));
});
