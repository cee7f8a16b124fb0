import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { brightness, contrast, saturation, sharpness } from './enhancements.ts';
import type { Pixels } from './image.ts';
import { grey } from './testing.ts';

function randomImage(height: number, width: number, channels = 3): Pixels {
  const generator = new Generator(1);
  const data = Uint8Array.from({ length: height * width * channels }, () => generator.integer(256));
  return { shape: [height, width, channels], data };
}

const image = randomImage(6, 8);

test.each(Object.entries({ saturation, contrast, brightness, sharpness }))(
  '%s: factor 1 is the identity, others are between or beyond',
  (_, change) => {
    expect([...change(image, 1).data]).toEqual([...image.data]);
    const [none, half] = [change(image, 0), change(image, 0.5)];
    half.data.forEach((v, i) =>
      expect(Math.abs(v - (none.data[i]! + image.data[i]!) / 2)).toBeLessThanOrEqual(1),
    );
  },
);

test('factor 0 is grey, even, black or smooth', () => {
  const { data } = saturation(image, 0);
  for (let i = 0; i < data.length; i += 3) expect(new Set(data.slice(i, i + 3)).size).toBe(1);
  expect(new Set(contrast(image, 0).data).size).toBe(1);
  expect(new Set(brightness(image, 0).data)).toEqual(new Set([0]));
  const spike = grey([
    [0, 0, 0],
    [0, 130, 0],
    [0, 0, 0],
  ]);
  expect(sharpness(spike, 0).data[4]).toBe(50);
});

test("grey is ITU-R 601's", () => {
  const colours: Pixels = {
    shape: [1, 3, 3],
    data: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255),
  };
  const { data } = saturation(colours, 0);
  [76.245, 149.685, 29.07].forEach((x, i) => expect(Math.abs(data[3 * i]! - x)).toBeLessThan(1));
});
