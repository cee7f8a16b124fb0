import { expect, test } from 'vitest';
import { type TemperatureOptions, temperature } from './temperature.ts';

const at = (epoch: number, options?: TemperatureOptions, epochs = 300) =>
  temperature({ epoch, epochs }, options);

test('it falls from 4.5 by a twentieth each epoch, to a floor', () => {
  expect(at(0)).toBe(4.5);
  expect(at(1)).toBeCloseTo(4.275, 12);
  expect(at(29)).toBeCloseTo(4.5 * 0.95 ** 29, 12);
  // 4.5 * 0.95^87 = 0.0519, and 0.95 of that is below the floor.
  expect(at(87)).toBeGreaterThan(0.05);
  expect([at(88), at(400)]).toEqual([0.05, 0.05]);
});

test.each([
  [0, 2],
  [1, 1],
  [3, 0.25],
  [4, 0.2],
])('in epoch %i of a start of 2, a half each epoch and a floor of 0.2 it is %f', (epoch, value) => {
  expect(at(epoch, { start: 2, decay: 0.5, floor: 0.2 })).toBe(value);
});

test('with an end it is there in the last epoch, falling by one factor', () => {
  const run = [0, 1, 2].map((epoch) => at(epoch, { start: 4, end: 0.25 }, 3));
  expect(run).toEqual([4, 1, 0.25].map((value) => expect.closeTo(value, 12)));
  expect(at(0, { start: 4, end: 0.25 }, 1)).toBe(4);
});

test.each<[TemperatureOptions, string]>([
  [{ end: 1, decay: 0.9 }, 'temperature'],
  [{ start: 0 }, 'temperature.start'],
  [{ decay: Number.NaN }, 'temperature.decay'],
  [{ end: -1 }, 'temperature.end'],
  [{ floor: Number.POSITIVE_INFINITY }, 'temperature.floor'],
])('%o is refused', (options, where) => {
  expect(() => at(0, options)).toThrow(expect.objectContaining({ code: 'OPTION', where }));
});
