import { Generator } from '@kcr/core';
import { type Pixels, pixelSource } from '@kcr/data';
import { expect, test } from 'vitest';
import { deviation } from '../../experiments/src/statistics.ts';
import {
  corrupted,
  corruptions,
  everyNth,
  gaussianBlur,
  gaussianNoise,
  jpeg,
} from './corruptions.ts';

const draw = () => new Generator(5);
const grey: Pixels = { data: new Uint8Array(64 * 64 * 3).fill(128), shape: [64, 64, 3] };

test.each([0.04, 0.1])('noise has a standard deviation of %d of the range', async (sigma) => {
  const { data } = await gaussianNoise(sigma)(grey, draw());
  // 12,288 values: the deviation's standard error is 0.64 %. Cutting off lowers the mean by half a level.
  expect(deviation([...data]) / 255 / sigma).toBeCloseTo(1, 1);
  expect(data.reduce((sum, x) => sum + x, 0) / data.length).toBeCloseTo(127.5, 0);
});

test('noise ends at black and white', async () => {
  const white: Pixels = { data: new Uint8Array(4096).fill(255), shape: [64, 64, 1] };
  const { data } = await gaussianNoise(0.1)(white, draw());
  // Half of the values would be above, of the others none is 8 standard deviations below.
  expect(data.filter((value) => value === 255).length / 4096).toBeCloseTo(0.5, 1);
  expect(Math.min(...data)).toBeGreaterThan(255 - 8 * 25.5);
});

test.each(corruptions['Gaussian blur']!.strengths)(
  'blur of %d pixels is a Gaussian',
  async (sigma) => {
    const [n, centre] = [21, 10];
    const impulse = new Uint8Array(n * n * 3);
    impulse.fill(255, (centre * n + centre) * 3, (centre * n + centre + 1) * 3);
    const { data } = await gaussianBlur(sigma)({ data: impulse, shape: [n, n, 3] }, draw());
    const bell = Array.from({ length: n }, (_, i) =>
      Math.exp(-((i - centre) ** 2) / (2 * sigma ** 2)),
    );
    const sum = bell.reduce((a, b) => a + b, 0);
    for (let at = 0; at < data.length; at++) {
      const pixel = Math.floor(at / 3);
      const exact = (255 * bell[Math.floor(pixel / n)]! * bell[pixel % n]!) / sum ** 2;
      // Cut off to whole levels.
      expect(exact - data[at]!).toBeGreaterThan(-0.1);
      expect(exact - data[at]!).toBeLessThan(1);
    }
  },
);

const pattern: Pixels = {
  data: Uint8Array.from({ length: 32 * 32 * 3 }, (_, at) => {
    const [y, x, c] = [Math.floor(at / 96), Math.floor(at / 3) % 32, at % 3];
    return (7 * x + 5 * y * (c + 1) + 6 * ((x * y) % 13)) % 256;
  }),
  shape: [32, 32, 3],
};

// Mean absolute differences by Pillow 12, Image.save(file, 'JPEG', quality=...).
test.each([
  [80, 31.928059895833332],
  [65, 34.926106770833336],
  [58, 35.925455729166664],
  [50, 36.9580078125],
  [40, 38.173177083333336],
])('JPEG of quality %d changes as much as with Pillow', async (quality, difference) => {
  const { data, shape } = await jpeg(quality)(pattern, draw());
  expect(shape).toEqual(pattern.shape);
  const sum = data.reduce((total, value, i) => total + Math.abs(value - pattern.data[i]!), 0);
  expect(sum / data.length).toBeCloseTo(difference, 8);
});

test('strengths grow', async () => {
  for (const { strengths, of } of Object.values(corruptions)) {
    const changes: number[] = [];
    for (const strength of strengths) {
      const { data } = await of(strength)(pattern, draw());
      changes.push(data.reduce((sum, x, i) => sum + Math.abs(x - pattern.data[i]!), 0));
    }
    expect(changes).toEqual([...changes].sort((a, b) => a - b));
    expect(new Set(changes).size).toBe(5);
  }
});

test('every image has noise of its own, the same each time', async () => {
  const labels = Int32Array.of(0, 1, 0, 1);
  const source = pixelSource(new Uint8Array(4 * 64).fill(100), [8, 8, 1], labels);
  const [first, again, other] = await Promise.all(
    [1, 1, 2].map((seed) => corrupted(source, gaussianNoise(0.1), seed)),
  );
  expect(await first!.pixels(0)).toEqual(await again!.pixels(0));
  expect(await first!.pixels(0)).not.toEqual(await first!.pixels(1));
  expect(await first!.pixels(0)).not.toEqual(await other!.pixels(0));
  expect(first!.labels).toEqual(labels);
});

test('every second image', async () => {
  const source = pixelSource(Uint8Array.of(5, 6, 7), [1, 1, 1], Int32Array.of(2, 1, 0));
  const half = everyNth(source, 2);
  expect([...half.labels]).toEqual([2, 0]);
  expect([...(await half.pixels(1)).data]).toEqual([7]);
});
