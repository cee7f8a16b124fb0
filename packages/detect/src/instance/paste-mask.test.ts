import { Generator } from '@kcr/core';
import { rleArea, rleBox, rleToMask } from '@kcr/data';
import { expect, test } from 'vitest';
import { drawn, inEllipse } from '../testing.ts';
import { pasteMask } from './paste-mask.ts';

const SIZE = 64;
const image = { height: SIZE, width: SIZE };

test('a full mask fills its box', () => {
  const mask = pasteMask(new Float32Array(28 * 28).fill(1), 28, [10, 20, 30, 25], image);
  expect(rleBox(mask)).toEqual([10, 20, 20, 5]);
  expect(rleArea(mask)).toBe(100);
});

test('a mask that was read from a shape comes back as the shape', () => {
  const generator = new Generator(4);
  for (let i = 0; i < 10; i++) {
    const [left, top] = [20 * generator.uniform(), 20 * generator.uniform()];
    const [width, height] = [15 + 25 * generator.uniform(), 15 + 25 * generator.uniform()];
    const box = [left, top, left + width, top + height] as const;
    const inside = inEllipse(box);
    const pasted = rleToMask(pasteMask(drawn(inside, box, 28), 28, box, image));
    const expected = drawn(inside, [0, 0, SIZE, SIZE], SIZE);
    const both = expected.filter((x, at) => x && pasted[at]).length;
    const either = expected.filter((x, at) => x || pasted[at]).length;
    expect(both / either).toBeGreaterThan(0.95);
  }
});

test('what lies outside the image is cut', () => {
  const mask = pasteMask(new Float32Array(16).fill(1), 4, [-10, 60, 10, 80], image);
  expect(rleBox(mask)).toEqual([0, 60, 10, 4]);
  const none = pasteMask(new Float32Array(16), 4, [5, 5, 20, 20], image);
  expect(rleArea(none)).toBe(0);
});
