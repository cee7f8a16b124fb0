import { makeDim, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { close, listOf, scopeOf, valuesOf } from '../testing.ts';
import { boxHead, decodeClasses } from './box-head.ts';

const channels = makeDim('channels', 1);
const options = { classes: 2, hidden: 3, classAgnostic: false };

test('by hand: two hidden layers, and a class and box for each region', async () => {
  // All weights and biases are 1: the hidden values are s + 1 and 3 (s + 1) + 1, s the sum of the region.
  const { m, params, taps } = scopeOf();
  const { logits, deltas } = await valuesOf(() => {
    const regions = tf.tensor4d([1, 2, 3, 4, -9, 0, 0, 0], [2, 2, 2, 1]);
    return { ...boxHead(m, regions, channels, options) };
  });
  const second = [3 * 11 + 1, 1];
  expect([logits.shape, deltas.shape]).toEqual([
    [2, 3],
    [2, 2, 4],
  ]);
  // The second region's sum is negative, so the first layer is 0.
  expect([...logits.data]).toEqual(second.flatMap((x) => Array(3).fill(3 * x + 1)));
  expect([...deltas.data]).toEqual(second.flatMap((x) => Array(8).fill(3 * x + 1)));
  expect([...new Set(params)]).toEqual(
    ['shared_fcs.0', 'shared_fcs.1', 'fc_cls', 'fc_reg'].flatMap((name) => [
      `${name}.weight`,
      `${name}.bias`,
    ]),
  );
  expect(Object.keys(taps)).toEqual(['shared_fcs.0.out', 'shared_fcs.1.out']);
});

test('one box for all classes, where that is asked for', async () => {
  const { deltas } = await valuesOf(() => ({
    ...boxHead(scopeOf().m, tf.ones([2, 1, 1, 1]), channels, { ...options, classAgnostic: true }),
  }));
  expect(deltas.shape).toEqual([2, 1, 4]);
});

test("boxes of every class are decoded from each region's own box", async () => {
  const found = await listOf(() => {
    const deltas = tf.tensor3d([
      [
        [0, 0, 0, 0],
        [10, 0, 0, 0],
      ],
      [
        [0, 10, 0, 0],
        [0, 0, 0, 0],
      ],
    ]);
    const boxes = tf.tensor3d([
      [
        [0, 0, 10, 20],
        [5, 5, 15, 25],
      ],
    ]);
    return decodeClasses({ logits: tf.zeros([2, 3]), deltas }, boxes, [10, 10, 5, 5]);
  });
  // A shift of 10 / 10 is by the box's own size.
  expect(found).toEqual(close([0, 0, 10, 20, 10, 0, 20, 20, 5, 25, 15, 45, 5, 5, 15, 25], 4));
});
