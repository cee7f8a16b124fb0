import { expect, test } from 'vitest';
import { temperature } from './temperature.ts';

test('it falls from 4.5 by a twentieth each epoch, to a floor', () => {
  expect(temperature(0)).toBe(4.5);
  expect(temperature(1)).toBeCloseTo(4.275, 12);
  expect(temperature(29)).toBeCloseTo(4.5 * 0.95 ** 29, 12);
  // 4.5 * 0.95^87 = 0.0519, and 0.95 of that is below the floor.
  expect(temperature(87)).toBeGreaterThan(0.05);
  expect([temperature(88), temperature(400)]).toEqual([0.05, 0.05]);
});

test.each([
  [0, 2],
  [1, 1],
  [3, 0.25],
  [4, 0.2],
])('in epoch %i of a start of 2, a half each epoch and a floor of 0.2 it is %f', (epoch, value) => {
  expect(temperature(epoch, { start: 2, decay: 0.5, floor: 0.2 })).toBe(value);
});
