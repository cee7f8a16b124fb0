import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { flipped } from './flipped-views.ts';
import { type Framing, fitted } from './framing.ts';
import { scaleJitter } from './scale-jitter.ts';
import { shortSide } from './short-side.ts';
import { counted } from './testing.ts';
import type { View } from './view.ts';
import { type Box, viewBox } from './view-box.ts';
import { viewImage, viewLabels } from './view-pixels.ts';

const source = { height: 60, width: 90 };
const canvas = { height: 64, width: 48 };

const framings: Record<string, Framing> = {
  fitted,
  'a short side': shortSide({ short: [30, 40], long: 70 }),
  'large-scale jitter': scaleJitter({ scale: [0.3, 2] }),
  'a jitter that covers': scaleJitter({ scale: [0.8, 2], fit: 'cover' }),
  'flips both ways': flipped(scaleJitter({ scale: [0.5, 2] }), { horizontal: 0.5, vertical: 0.5 }),
};

/** The box around the pixels of a value, if there are any. */
function around(data: Uint8Array, width: number, value: number): Box | undefined {
  const at = [...data.keys()].filter((i) => data[i] === value);
  if (at.length === 0) return undefined;
  const [xs, ys] = [at.map((i) => i % width), at.map((i) => Math.floor(i / width))];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
}

describe.each(Object.entries(framings))('%s', (_, framing) => {
  const views = Array.from({ length: 20 }, (__, i) => framing(source, canvas, new Generator(i)));

  test('labels, images and boxes move alike', () => {
    const box: Box = [20, 10, 50, 40];
    const labels = new Uint8Array(source.height * source.width);
    for (let y = 10; y < 40; y++) labels.fill(7, y * source.width + 20, y * source.width + 50);
    const pixels = labels.map((label) => (label ? 255 : 0));
    for (const view of views) {
      const moved = viewLabels(labels, view, 255);
      const expected = viewBox(box, view);
      const found = around(moved, canvas.width, 7);
      if (!found) expect((expected[2] - expected[0]) * (expected[3] - expected[1])).toBeLessThan(4);
      found?.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(1));
      const image = viewImage({ data: pixels, shape: [60, 90, 1] }, view, [0]);
      const differing = image.data.filter((x, i) => x > 127 !== (moved[i] === 7)).length;
      expect(differing / moved.length).toBeLessThan(0.03);
    }
  });
});

const size = { height: 2, width: 3 };
const plain: View = { source: size, scaled: size, canvas: size, top: 0, left: 0 };

// By hand: 1 2 3 over 4 5 6.
test.each<[string, Partial<View>, number[]]>([
  ['as it is', {}, [1, 2, 3, 4, 5, 6]],
  ['shifted, with free space', { top: -1, left: 1 }, [9, 9, 9, 2, 3, 9]],
  ['mirrored left and right', { flipX: true }, [3, 2, 1, 6, 5, 4]],
  ['mirrored top and bottom', { flipY: true }, [4, 5, 6, 1, 2, 3]],
  ['shifted and then mirrored', { left: 1, flipX: true }, [9, 3, 2, 9, 6, 5]],
])('an image and labels %s', (_, view, expected) => {
  const own = { ...plain, ...view };
  expect([...viewLabels(counted(2, 3, 1).data, own, 9)]).toEqual(expected);
  expect(viewImage(counted(2, 3, 1), own, [9])).toEqual({
    data: Uint8Array.from(expected),
    shape: [2, 3, 1],
  });
});

test('each channel has a fill of its own, or all the same', () => {
  const beyond = { ...plain, top: 2 };
  const { data } = viewImage(counted(2, 3, 3), beyond, [7, 8, 9]);
  expect([...data]).toEqual(Array(6).fill([7, 8, 9]).flat());
  expect(new Set(viewImage(counted(2, 3, 3), beyond, [7]).data)).toEqual(new Set([7]));
});

test('labels are those of the nearest pixels, at any size', () => {
  const labels = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const at = (height: number, width: number) => {
    const scaled = { height, width };
    return [...viewLabels(labels, { ...plain, scaled, canvas: scaled }, 9)];
  };
  expect(at(2, 6)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
  expect(at(4, 3)).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
  // The middle of one row of two is the border: the one below.
  expect(at(1, 3)).toEqual([4, 5, 6]);
  expect(at(2, 1)).toEqual([2, 5]);
});
