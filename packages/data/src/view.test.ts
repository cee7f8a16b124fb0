import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { flipped } from './flipped-views.ts';
import { type Framing, fitted } from './framing.ts';
import { scaleJitter } from './scale-jitter.ts';
import { shortSide } from './short-side.ts';
import { testViews } from './test-views.ts';
import { type Box, sourceBox, viewBox } from './view-box.ts';
import { viewImage, viewLabels } from './view-pixels.ts';
import { canvasPoint, sourcePoint } from './view-point.ts';

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

  test('labels, images and boxes move alike', async () => {
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
      const image = await viewImage({ data: pixels, shape: [60, 90, 1] }, view, [0]);
      const differing = image.data.filter((x, i) => x > 127 !== (moved[i] === 7)).length;
      expect(differing / moved.length).toBeLessThan(0.03);
    }
  });

  test('points and boxes come back', () => {
    for (const view of views) {
      const [y, x] = sourcePoint(12.5, 30.25, view);
      const back = canvasPoint(y, x, view);
      expect(back[0]).toBeCloseTo(12.5, 9);
      expect(back[1]).toBeCloseTo(30.25, 9);
      const box = viewBox([10, 5, 80, 55], view);
      const cut = viewBox(sourceBox(box, view), view);
      box.forEach((value, i) => expect(cut[i]).toBeCloseTo(value, 9));
    }
  });
});

test('the short side has its length unless the long one or the canvas is in the way', () => {
  const sizeOf = (short: number, long: number, room: number) =>
    shortSide({ short, long })(source, { height: room, width: room }, new Generator(0)).scaled;
  expect(sizeOf(30, 1000, 1000)).toEqual({ height: 30, width: 45 });
  expect(sizeOf(30, 36, 1000)).toEqual({ height: 24, width: 36 });
  expect(sizeOf(30, 1000, 27)).toEqual({ height: 18, width: 27 });
});

test.each([
  [{}, 1],
  [{ flip: true }, 2],
  [{ scales: [0.5, 1, 2] }, 3 + 5],
  [{ fit: 'cover' as const }, 2],
])('test views %j show every pixel of the image', (options, least) => {
  const views = testViews(source, { height: 64, width: 64 }, options);
  expect(views.length).toBeGreaterThanOrEqual(least);
  for (let y = 0.5; y < source.height; y += 7)
    for (let x = 0.5; x < source.width; x += 7) {
      const seen = views.some((view) => {
        const [row, column] = canvasPoint(y, x, view);
        return row >= 0 && row <= 64 && column >= 0 && column <= 64;
      });
      expect(seen).toBe(true);
    }
});

test('the same seed gives the same view', () => {
  const framing = flipped(scaleJitter({ scale: [0.3, 2] }));
  const view = (seed: number) => framing(source, canvas, new Generator(seed));
  expect(view(4)).toEqual(view(4));
  expect(view(4)).not.toEqual(view(5));
});
