import { float32, type NdArray } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { joinRows, rows, toFeatures } from './features.ts';

const six = { n: 3, d: 2, data: [1, 2, 3, 4, 5, 6] };

describe('an array as features', () => {
  test('has a row for each image, without a copy', () => {
    const array = float32([3, 2], six.data);
    expect(toFeatures(array)).toEqual({ n: 3, d: 2, data: array.data });
    expect(toFeatures(array).data).toBe(array.data);
  });

  test.each([[[6]], [[3, 2, 1]], [[0, 2]], [[3, 0]], [[]]])(
    'of shape %j: FEATURES_SHAPE',
    (shape) => {
      expect(() => toFeatures(float32(shape), 'the teacher')).toThrow(
        expect.objectContaining({
          code: 'FEATURES_SHAPE',
          where: 'the teacher',
          found: `shape [${shape.join(', ')}]`,
        }),
      );
    },
  );

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'with a value of %d: FEATURES_FINITE',
    (value) => {
      expect(() => toFeatures(float32([2, 2], [1, 2, 3, value]))).toThrow(
        expect.objectContaining({ code: 'FEATURES_FINITE', where: 'features' }),
      );
    },
  );

  test('may be whole numbers', () => {
    const array: NdArray = { dtype: 'int32', shape: [1, 2], data: Int32Array.of(4, 5) };
    expect([...Array.from(toFeatures(array).data)]).toEqual([4, 5]);
  });
});

test('rows by index, in their order, more than once', () => {
  expect(rows(six, [2, 0, 2])).toEqual({ n: 3, d: 2, data: Float64Array.of(5, 6, 1, 2, 5, 6) });
  expect(rows(six, Int32Array.of())).toEqual({ n: 0, d: 2, data: new Float64Array() });
});

test('parts one after another', () => {
  const parts = [rows(six, [0]), { n: 2, d: 2, data: Float32Array.of(7, 8, 9, 0.5) }];
  expect(joinRows(parts)).toEqual({ n: 3, d: 2, data: Float64Array.of(1, 2, 7, 8, 9, 0.5) });
  expect(joinRows([])).toEqual({ n: 0, d: 0, data: new Float64Array() });
});

test('rows of float32 stay so, since no value is lost; those of other kinds are float64', () => {
  const single = { n: 2, d: 1, data: Float32Array.of(0.1, 3) };
  const double = { n: 1, d: 1, data: Float64Array.of(0.1) };
  expect(rows(single, [1]).data).toEqual(Float32Array.of(3));
  expect(rows(double, [0]).data).toEqual(Float64Array.of(0.1));
  expect(joinRows([single, single]).data).toEqual(Float32Array.of(0.1, 3, 0.1, 3));
  expect(joinRows([single, double]).data).toEqual(Float64Array.of(Math.fround(0.1), 3, 0.1));
});
