import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { tf } from '../tensor/tf.ts';
import { put, take } from './channel-view.ts';
import { makeDim } from './dim.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const base = makeDim('embed', 5, { kept: [0, 1, 3, 4] });
/** Channels 1 and 4, which are the second and the last of those of the base. */
const view = makeDim('io', 5, { of: base, kept: [1, 4] });
const rows = (values: number[][]) => tf.tensor(values);

test('a view takes its channels, and puts them back among zeros', () => {
  const taken = take(
    rows([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]),
    view,
  );
  expect(taken.arraySync()).toEqual([
    [2, 4],
    [6, 8],
  ]);
  expect(put(taken, view).arraySync()).toEqual([
    [0, 2, 0, 4],
    [0, 6, 0, 8],
  ]);
});

test('taking what was put is the identity, and one is the transpose of the other', () => {
  const x = rows([[3, -1]]);
  expect(take(put(x, view), view).arraySync()).toEqual(x.arraySync());
  // <take y, x> = <y, put x>
  const y = rows([[1, 2, 4, 8]]);
  const product = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0];
  expect(product(take(y, view), x)).toBe(product(y, put(x, view)));
});

describe('a view that sees all', () => {
  test.each([
    ['of a pruned dimension', makeDim('io', 5, { of: base, kept: base.kept })],
    ['of a whole one', makeDim('io', 4, { of: makeDim('embed', 4) })],
  ])('%s is the value itself', (_, all) => {
    const x = rows([[1, 2, 3, 4]]);
    expect(take(x, all)).toBe(x);
    expect(put(x, all)).toBe(x);
  });
});
