import { float32, type Tensor, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { onOnnx } from './testing/run.ts';

const counting = (...shape: number[]) =>
  float32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );
const run = async (x: ReturnType<typeof counting>, op: (x: Tensor) => Tensor) => {
  const { data, shape } = await onOnnx({ x }, (given) => op(given.x));
  return { data: [...data], shape: [...shape] };
};

describe('a transpose', () => {
  // PyTorch's order of a filter's axes to TensorFlow's, back, and others; with axes of 1 too.
  test.each([
    [
      [2, 3, 2, 2],
      [2, 3, 1, 0],
    ],
    [
      [2, 3, 2, 2],
      [3, 2, 0, 1],
    ],
    [
      [2, 1, 3, 3],
      [2, 3, 1, 0],
    ],
    [
      [3, 3, 1, 2],
      [3, 2, 0, 1],
    ],
    [
      [2, 3, 1, 1],
      [2, 3, 1, 0],
    ],
    [
      [2, 3, 4, 5],
      [0, 2, 3, 1],
    ],
    [
      [2, 3],
      [1, 0],
    ],
  ])('of %j by %j moves each value', async (shape, perm) => {
    const y = await run(counting(...shape), (x) => tf.transpose(x, perm));
    expect(y.shape).toEqual(perm.map((axis) => shape[axis]!));
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    y.data.forEach((value, place) => {
      let [rest, source] = [place, 0];
      for (let axis = perm.length - 1; axis >= 0; axis--) {
        const size = y.shape[axis]!;
        source += (rest % size) * strides[perm[axis]!]!;
        rest = Math.floor(rest / size);
      }
      expect(value).toBe(source);
    });
  });
});

describe('values are moved', () => {
  const cases: [string, number[], (x: Tensor) => Tensor, number[], number[]][] = [
    ['a slice within', [3, 4], (x) => tf.slice(x, [1, 1], [2, 2]), [2, 2], [5, 6, 9, 10]],
    ['a slice of all', [2, 2], (x) => tf.slice(x, [0, 0], [2, 2]), [2, 2], [0, 1, 2, 3]],
    ['a part of a split', [2, 4], (x) => tf.split(x, [1, 3], 1)[1]!, [2, 3], [1, 2, 3, 5, 6, 7]],
    ['a part from the end', [2, 4], (x) => tf.split(x, 2, -1)[0]!, [2, 2], [0, 1, 4, 5]],
    ['a row by itself', [2, 3], (x) => tf.unstack(x, 0)[1]!, [3], [3, 4, 5]],
    ['a column by itself', [2, 3], (x) => tf.unstack(x, -1)[2]!, [2], [2, 5]],
    ['a concatenation', [2, 1], (x) => tf.concat([x, tf.neg(x)], 1), [2, 2], [0, -0, 1, -1]],
    ['a reshape', [2, 3], (x) => tf.reshape(x, [3, 2]), [3, 2], [0, 1, 2, 3, 4, 5]],
    [
      'a padding, before and after',
      [1, 2],
      (x) =>
        tf.pad(
          x,
          [
            [1, 0],
            [0, 2],
          ],
          9,
        ),
      [2, 4],
      [9, 9, 9, 9, 0, 1, 9, 9],
    ],
  ];
  test.each(cases)('%s', async (_, shape, op, expected, data) => {
    const y = await run(counting(...shape), op);
    expect(y.shape).toEqual(expected);
    y.data.forEach((value, i) => expect(value).toBeCloseTo(data[i]!, 9));
  });
});
