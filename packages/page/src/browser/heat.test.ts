import { expect, test } from 'vitest';
import { HEAT } from '../look/colours.ts';
import { heated } from './heat.ts';

test('an image is as it is where a map is 0, and under red where it is 1', () => {
  const grey = { data: new Uint8Array(2).fill(100), shape: [1, 2, 1] as const };
  const { data, shape } = heated(grey, [0, 1], { height: 1, width: 2 });
  expect(shape).toEqual([1, 2, 3]);
  const red = HEAT[255]!.map((x) => Math.floor(100 * (105 / 255) + x * (150 / 255)));
  expect([...data]).toEqual([100, 100, 100, ...red]);
});

test('a coarse map becomes as large as the image', () => {
  const grey = { data: new Uint8Array(16), shape: [4, 4, 1] as const };
  const { data } = heated(grey, [0, 0, 1, 1], { height: 2, width: 2 });
  // Red beside blue, at the lower left and the upper left.
  expect(data[3 * 12]!).toBeGreaterThan(data[3 * 12 + 2]!);
  expect(data[3 * 12]!).toBeGreaterThan(data[0]!);
});
