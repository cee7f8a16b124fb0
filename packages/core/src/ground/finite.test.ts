import { expect, test } from 'vitest';
import { float32, int32 } from './array.ts';
import { countNonFinite, nonFinite } from './finite.ts';

const { NaN: nan, POSITIVE_INFINITY: inf, MAX_VALUE: max } = Number;

test.each([
  [[0, -0, 1e-45, -3.4e38], 0],
  [[nan], 1],
  [[inf, 1, -inf, 2, nan], 3],
  [[max], 1], // no float32
  [[], 0],
])('of %j are not finite: %i', (values, count) => {
  expect(countNonFinite(float32([values.length], values))).toBe(count);
});

test('arrays are named with their counts, the first five of them', () => {
  const bad = (n: number) => float32([4], [nan, inf, nan, inf].fill(1, n));
  expect(nonFinite({ a: float32([2]), b: int32([1], [7]) })).toBeUndefined();
  expect(nonFinite({ a: bad(0), b: bad(3) })).toBe('NaN or infinite values in b (3 of 4)');
  const many = Object.fromEntries(
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => [name, bad(1)]),
  );
  expect(nonFinite(many)).toMatch(/in a \(1 of 4\), .*e \(1 of 4\), 2 more$/);
});
