import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { tf } from '../tensor/tf.ts';
import {
  adaptiveAveragePool,
  bilinearWeights,
  resizeBilinear,
  resizeNearest,
  resizePlanes,
} from './resize.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

/** A map of one channel. */
const map = (rows: number[][]) => tf.tensor(rows.flat(), [1, rows.length, rows[0]!.length, 1]);
const rowsOf = (x: tf.Tensor) => tf.squeeze(x, [0, 3]).arraySync();

test('weights of bilinear interpolation are between pixel centres, and sum to 1', () => {
  // Two pixels to four: centres at -0.25, 0.25, 0.75 and 1.25 of the smaller grid.
  expect([...bilinearWeights(2, 4)]).toEqual([1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1]);
  for (const [from, to] of [
    [3, 7],
    [7, 3],
    [5, 5],
    [1, 4],
  ] as const) {
    const weights = bilinearWeights(from, to);
    for (let i = 0; i < to; i++) {
      const row = weights.slice(i * from, (i + 1) * from);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    }
  }
});

describe("PyTorch's figures", () => {
  const x = [
    [1, 2],
    [3, 4],
  ];

  test("interpolate(mode='bilinear') of 2 x 2 to 4 x 4", () => {
    expect(rowsOf(resizeBilinear(map(x), [4, 4]))).toEqual([
      [1, 1.25, 1.75, 2],
      [1.5, 1.75, 2.25, 2.5],
      [2.5, 2.75, 3.25, 3.5],
      [3, 3.25, 3.75, 4],
    ]);
  });

  test("interpolate(mode='nearest') up and down", () => {
    expect(rowsOf(resizeNearest(map(x), [3, 4]))).toEqual([
      [1, 1, 2, 2],
      [1, 1, 2, 2],
      [3, 3, 4, 4],
    ]);
    expect(rowsOf(resizeNearest(map([[0, 1, 2, 3, 4]]), [1, 3]))).toEqual([[0, 1, 3]]);
  });

  test('adaptive_avg_pool2d, whose bins overlap where sizes do not divide', () => {
    expect(rowsOf(adaptiveAveragePool(map([[0, 1, 2, 3, 4]]), [1, 3]))).toEqual([[0.5, 2, 3.5]]);
    expect(rowsOf(adaptiveAveragePool(map(x), [1, 1]))).toEqual([[2.5]]);
    expect(rowsOf(adaptiveAveragePool(map(x), [2, 3]))).toEqual([
      [1, 1.5, 2],
      [3, 3.5, 4],
    ]);
  });
});

test('a size that is there already is left as it is', () => {
  const x = map([[1, 2, 3]]);
  for (const resize of [resizeBilinear, resizeNearest, adaptiveAveragePool])
    expect(rowsOf(resize(x, [1, 3]))).toEqual([[1, 2, 3]]);
  expect(resizePlanes(tf.tensor([1, 2], [1, 1, 2]), [1, 2]).arraySync()).toEqual([[[1, 2]]]);
});

test('channels and images do not mix, and planes are resized as maps with the channels last', () => {
  const values = Array.from({ length: 2 * 2 * 3 * 2 }, (_, i) => Math.sin(3 * i));
  const maps = tf.tensor(values, [2, 2, 3, 2]);
  const planes = tf.reshape(tf.transpose(maps, [0, 3, 1, 2]), [4, 2, 3]);
  const expected = tf.reshape(tf.transpose(resizeBilinear(maps, [3, 5]), [0, 3, 1, 2]), [4, 3, 5]);
  const found = resizePlanes(planes, [3, 5]).dataSync();
  expected.dataSync().forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
});

test('the gradient is the transpose of the interpolation', () => {
  const up = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4, 1]);
  const loss = (x: tf.Tensor) => tf.sum(tf.mul(resizeBilinear(x, [2, 4]), up));
  const gradient = tf
    .grad(loss)(
      map([
        [0, 0],
        [0, 0],
      ]),
    )
    .dataSync();
  // Weights 1, 0.75, 0.25 and 0 of the first column.
  const [a, b] = [1 + 0.75 * 2 + 0.25 * 3, 0.25 * 2 + 0.75 * 3 + 4];
  expect([...gradient]).toEqual([a, b, a + 4 * 2, b + 4 * 2]);
});
