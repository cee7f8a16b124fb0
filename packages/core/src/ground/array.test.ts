import { describe, expect, test } from 'vitest';
import { float32, gatherAxis, int32, item, shapeText, sizeOf } from './array.ts';

test('a shape has the product of its axes, a scalar one element', () => {
  expect([[2, 3, 4], [5], [], [3, 0, 2]].map(sizeOf)).toEqual([24, 5, 1, 0]);
});

test('a float32 array is filled with one number, with 0 by default, or takes values', () => {
  expect(float32([2, 2]).data).toEqual(Float32Array.of(0, 0, 0, 0));
  expect(float32([3], -1.5).data).toEqual(Float32Array.of(-1.5, -1.5, -1.5));
  expect(float32([], 7)).toEqual({ dtype: 'float32', shape: [], data: Float32Array.of(7) });
  expect(float32([2], [0.1, 2]).data).toEqual(Float32Array.of(0.1, 2));
});

test('values are copied, so that a later change of the source is not seen', () => {
  const source = Float32Array.of(1, 2);
  const array = float32([2], source);
  source[0] = 9;
  expect([...array.data]).toEqual([1, 2]);
});

test('an int32 array keeps 32 bits', () => {
  const numbers = [-(2 ** 31), 2 ** 31 - 1];
  expect(int32([2], numbers)).toEqual({
    dtype: 'int32',
    shape: [2],
    data: Int32Array.from(numbers),
  });
});

test('the item of an array is its first number', () => {
  expect(item(float32([1, 1], 4))).toBe(4);
});

test('a shape as text', () => {
  expect([[4, 17, 48], [], [3]].map(shapeText)).toEqual(['[4, 17, 48]', '[]', '[3]']);
});

describe('gatherAxis', () => {
  /** Entry [a, b, c] is 100 a + 10 b + c. */
  const cube = float32([2, 3, 2], [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]);

  test.each([
    [0, [1], [1, 3, 2], [100, 101, 110, 111, 120, 121]],
    [1, [2, 0], [2, 2, 2], [20, 21, 0, 1, 120, 121, 100, 101]],
    [2, [1], [2, 3, 1], [1, 11, 21, 101, 111, 121]],
    [2, [1, 1, 0], [2, 3, 3], [0, 10, 20, 100, 110, 120].flatMap((x) => [x + 1, x + 1, x])],
    [1, [], [2, 0, 2], []],
  ])('axis %i, indices %j', (axis, indices, shape, values) => {
    const gathered = gatherAxis(cube, axis, indices);
    expect(gathered.shape).toEqual(shape);
    expect([...gathered.data]).toEqual(values);
  });

  test('all indices in order are the identity, and the type stays', () => {
    expect(gatherAxis(cube, 1, [0, 1, 2])).toEqual(cube);
    const counts = int32([3], [7, 8, 9]);
    expect(gatherAxis(counts, 0, [2, 1])).toEqual(int32([2], [9, 8]));
    const flags = { dtype: 'bool', shape: [2, 2], data: Uint8Array.of(1, 0, 0, 1) } as const;
    expect(gatherAxis(flags, 1, [1])).toEqual({
      dtype: 'bool',
      shape: [2, 1],
      data: Uint8Array.of(0, 1),
    });
  });
});
