import { expect, test } from 'vitest';
import { featuresOf, rowsOf } from './testing.ts';
import { unitRows } from './unit-rows.ts';

test('rows have length 1, rows of zeros stay', () => {
  const rows = [
    [3, 4],
    [0, 0],
    [0, -2],
  ];
  const unit = unitRows(featuresOf(rows));
  expect(rowsOf(unit)).toEqual([
    [expect.closeTo(0.6, 12), expect.closeTo(0.8, 12)],
    [0, 0],
    [0, -1],
  ]);
  expect(unit.data).toBeInstanceOf(Float64Array);
});
