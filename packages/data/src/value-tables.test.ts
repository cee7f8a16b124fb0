import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import type { Pixels } from './image.ts';
import { grey } from './testing.ts';
import { autoContrast, equalize, posterize, solarize } from './value-tables.ts';

function randomImage(height: number, width: number, channels = 3): Pixels {
  const generator = new Generator(1);
  const data = Uint8Array.from({ length: height * width * channels }, () => generator.integer(256));
  return { shape: [height, width, channels], data };
}

test('tables of values', () => {
  const values = grey([[10, 60, 110, 210]]);
  expect([...autoContrast(values).data]).toEqual([0, 64, 128, 255]);
  expect([...solarize(values, 100).data]).toEqual([10, 60, 145, 45]);
  expect([...solarize(values, 0).data]).toEqual([245, 195, 145, 45]);
  expect([...posterize(values, 2).data]).toEqual([0, 0, 64, 192]);
  expect([...autoContrast(grey([[7, 7]])).data]).toEqual([7, 7]);
});

test('equalize makes the histogram even', () => {
  const dark = randomImage(64, 64, 1);
  dark.data.forEach((v, i) => (dark.data[i] = v ** 2 / 1024));
  const mean = ({ data }: Pixels) => data.reduce((sum, v) => sum + v, 0) / data.length;
  expect(mean(dark)).toBeLessThan(30);
  expect(mean(equalize(dark))).toBeGreaterThan(110);
  expect(mean(equalize(dark))).toBeLessThan(145);
  expect([...equalize(grey([[7, 7]])).data]).toEqual([7, 7]);
});

test('each channel is stretched and spread by itself', () => {
  // A channel from 0 to 100 beside one from 50 to 255.
  const two: Pixels = { shape: [1, 2, 2], data: Uint8Array.of(0, 50, 100, 255) };
  expect([...autoContrast(two).data]).toEqual([0, 0, 255, 255]);
});
