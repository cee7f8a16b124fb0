import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Pixels } from './image.ts';
import { cropped, type Interpolation, resample } from './resample.ts';
import { counted } from './testing.ts';

interface Case {
  channels: number;
  width: number;
  height: number;
  data: number[];
  resized: { interpolation: Interpolation; width: number; height: number; data: number[] }[];
}
const url = new URL('../fixtures/images/resized.json', import.meta.url);
const cases: Case[] = JSON.parse(readFileSync(url, 'utf8'));

const imageOf = ({ data, height, width, channels }: Case): Pixels => ({
  data: Uint8Array.from(data),
  shape: [height, width, channels],
});

describe.each(cases.map((one) => [one.channels, one] as const))('%i channels', (_, one) => {
  test.each(one.resized)('$height x $width, $interpolation: as Pillow', (expected) => {
    const { height, width, interpolation, data } = expected;
    expect(resample(imageOf(one), expected, { interpolation })).toEqual({
      data: Uint8Array.from(data),
      shape: [height, width, one.channels],
    });
  });

  test.each(one.resized)('a part of $height x $width, $interpolation', (size) => {
    const { interpolation } = size;
    const all = resample(imageOf(one), size, { interpolation });
    const part = {
      top: Math.floor(size.height / 3),
      left: Math.floor(size.width / 2),
      height: Math.ceil(size.height / 2),
      width: Math.ceil(size.width / 3),
    };
    const alone = resample(imageOf(one), size, { interpolation, part });
    expect(alone).toEqual(cropped(all, part));
  });

  test('from a part of the image, as if it were the whole', () => {
    const from = { top: 1, left: 2, height: 3, width: 2 };
    for (const interpolation of ['bilinear', 'bicubic'] as const)
      for (const size of [
        { height: 2, width: 5 },
        { height: 3, width: 4 },
        { height: 4, width: 2 },
        { height: 3, width: 2 },
      ])
        expect(resample(imageOf(one), size, { interpolation, from })).toEqual(
          resample(cropped(imageOf(one), from), size, { interpolation }),
        );
  });
});

test('the same size gives the image itself, an even one stays even', () => {
  const image = counted(4, 6, 3);
  expect(resample(image, { height: 4, width: 6 }, { interpolation: 'bicubic' })).toBe(image);
  const even: Pixels = { data: new Uint8Array(4 * 6).fill(77), shape: [4, 6, 1] };
  for (const [height, width] of [
    [3, 2],
    [9, 13],
  ] as const)
    for (const interpolation of ['bilinear', 'bicubic'] as const) {
      const { data } = resample(even, { height, width }, { interpolation });
      expect([...data]).toEqual(Array(height * width).fill(77));
    }
});

// By hand: 1 2 3 over 4 5 6 over 7 8 9.
test('a part of an image', () => {
  const part = cropped(counted(3, 3, 1), { top: 1, left: 1, height: 2, width: 1 });
  expect(part).toEqual({ data: Uint8Array.of(5, 8), shape: [2, 1, 1] });
});
