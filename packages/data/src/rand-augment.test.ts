import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { affineTransform, rotate } from './affine-transform.ts';
import { brightness, contrast, saturation, sharpness } from './enhancements.ts';
import type { Pixels } from './image.ts';
import { randAugment } from './rand-augment.ts';
import { randomErasing } from './random-erasing.ts';
import { autoContrast, equalize, posterize, solarize } from './value-tables.ts';

function randomImage(height: number, width: number, channels = 3, seed = 1): Pixels {
  const generator = new Generator(seed);
  const data = Uint8Array.from({ length: height * width * channels }, () => generator.integer(256));
  return { shape: [height, width, channels], data };
}

const grey = (rows: number[][]): Pixels => ({
  shape: [rows.length, rows[0]!.length, 1],
  data: Uint8Array.from(rows.flat()),
});
const image = randomImage(6, 8);

describe('single changes', () => {
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

  test('geometry: a move by whole pixels is exact, and so is a turn by 90 degrees', () => {
    expect([...affineTransform(image, [1, 0, 0, 0, 1, 0]).data]).toEqual([...image.data]);
    const rows = grey([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect([...affineTransform(rows, [1, 0, 1, 0, 1, 0]).data]).toEqual([
      2, 3, 128, 5, 6, 128, 8, 9, 128,
    ]);
    expect([...rotate(rows, 90).data]).toEqual([3, 6, 9, 2, 5, 8, 1, 4, 7]);
    expect([...rotate(rows, 360).data]).toEqual([...rows.data]);
  });
});

test('RandAugment: the same stream, the same image; the shape stays; strength 0 changes little', () => {
  for (let seed = 0; seed < 40; seed++) {
    const once = randAugment({ probability: 1 })(image, new Generator(seed));
    expect(once).toEqual(randAugment({ probability: 1 })(image, new Generator(seed)));
    expect(once.shape).toEqual(image.shape);
    expect(once.data).toHaveLength(image.data.length);
  }
  expect(randAugment({ probability: 0 })(image, new Generator(1))).toBe(image);
});

test('random erasing fills one rectangle within its range of areas', () => {
  const plain: Pixels = { shape: [40, 30, 1], data: new Uint8Array(1200).fill(7) };
  let erased = 0;
  for (let seed = 0; seed < 100; seed++) {
    const changed = randomErasing({ probability: 0.5 })(
      plain,
      new Generator(0).fork(`image ${seed}`),
    );
    const at = [...changed.data.keys()].filter((i) => changed.data[i] !== 7);
    if (at.length === 0) continue;
    erased++;
    const span = (values: number[]) => Math.max(...values) - Math.min(...values) + 1;
    const area = span(at.map((i) => Math.floor(i / 30))) * span(at.map((i) => i % 30));
    expect(area).toBeGreaterThanOrEqual(0.015 * 1200);
    expect(area).toBeLessThanOrEqual(0.36 * 1200);
    expect(at.length).toBeGreaterThan(0.9 * area);
  }
  expect(erased).toBeGreaterThan(30);
  expect(erased).toBeLessThan(70);
});
