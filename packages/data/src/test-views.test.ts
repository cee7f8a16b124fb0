import { expect, test } from 'vitest';
import { testViews } from './test-views.ts';
import { canvasPoint } from './view-point.ts';

const source = { height: 60, width: 90 };

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

test('by hand: an image of three canvases with a third of overlap', () => {
  const canvas = { height: 60, width: 60 };
  const wide = { height: 60, width: 130 };
  const views = testViews(wide, canvas, { fit: 'cover', flip: true });
  // A step is 40, and the last view ends with the image.
  expect(views.map(({ left, flipX }) => [left, flipX])).toEqual([
    [0, false],
    [0, true],
    [40, false],
    [40, true],
    [70, false],
    [70, true],
  ]);
  for (const view of views) expect(view).toMatchObject({ top: 0, scaled: wide, canvas });
  expect(testViews(wide, canvas, { fit: 'cover', overlap: 0 }).map(({ left }) => left)).toEqual([
    0, 60, 70,
  ]);
});
