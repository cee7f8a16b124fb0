import { makeDim, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { scopeOf, valuesOf } from '../testing.ts';
import { maskHead } from './mask-head.ts';

test('four convolutions, twice the resolution and a mask for each class', async () => {
  const { m, params, taps } = scopeOf();
  const { y } = await valuesOf(() => ({
    y: maskHead(m, tf.zeros([2, 3, 3, 1]), makeDim('channels', 1), 5),
  }));
  expect(y.shape).toEqual([2, 6, 6, 5]);
  const convs = [0, 1, 2, 3].map((i) => `convs.${i}.conv`);
  expect([...new Set(params)]).toEqual(
    [...convs, 'upsample', 'conv_logits'].flatMap((name) => [`${name}.weight`, `${name}.bias`]),
  );
  expect(Object.keys(taps)).toEqual([...[0, 1, 2, 3].map((i) => `convs.${i}.out`), 'upsample.out']);
});

test('negative values end at each layer', async () => {
  const { y } = await valuesOf(() => {
    const negative = Object.fromEntries(
      [0, 1, 2, 3].map((i) => [`convs.${i}.conv.bias`, tf.tensor1d([-100])]),
    );
    return { y: maskHead(scopeOf(negative).m, tf.ones([1, 2, 2, 1]), makeDim('channels', 1), 1) };
  });
  // What is left are the biases of the last two layers.
  expect(new Set(y.data)).toEqual(new Set([2]));
});
