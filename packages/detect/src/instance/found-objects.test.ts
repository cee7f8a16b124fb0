import { float32 } from '@kcr/core';
import { rleArea, rleBox, toRle, type View } from '@kcr/data';
import { describe, expect, test } from 'vitest';
import { foundObjects, toCoco } from './found-objects.ts';

/** An image of 20 x 40 pixels, twice as large on its canvas. */
const view: View = {
  source: { height: 20, width: 40 },
  scaled: { height: 40, width: 80 },
  canvas: { height: 100, width: 100 },
  top: 0,
  left: 0,
};
const results = {
  boxes: float32(
    [2, 3, 4],
    [...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], ...[10, 4, 30, 24, 60, 20, 200, 200, 90, 0, 95, 10]],
  ),
  scores: float32([2, 3], [0, 0, 0, 0.5, 0.25, 0.75]),
  labels: float32([2, 3], [0, 0, 0, 1, 0, 1]),
};

describe('found objects', () => {
  test('are in pixels of the image, cut at its border; places without a score or box are none', () => {
    expect(foundObjects(results, 0, view)).toEqual([]);
    expect(foundObjects(results, 1, view)).toEqual([
      { label: 1, score: 0.5, box: [5, 2, 15, 12], mask: undefined },
      { label: 0, score: 0.25, box: [30, 10, 40, 20], mask: undefined },
    ]);
  });

  test('lie where the image was before it was mirrored', () => {
    const [object] = foundObjects(results, 1, { ...view, flipX: true });
    expect(object!.box).toEqual([35, 2, 40, 12]);
  });

  test('have the masks over their boxes', () => {
    const masks = float32(
      [2, 3, 8, 8],
      Array.from({ length: 384 }, (_, i) => Number(i >= 192)),
    );
    const [object] = foundObjects({ ...results, masks }, 1, view);
    expect(object!.mask).toMatchObject({ height: 20, width: 40 });
    expect(rleBox(object!.mask!)).toEqual([5, 2, 10, 10]);
    expect(rleArea(object!.mask!)).toBe(100);
  });
});

test("COCO's format has widths and heights, ids of categories, and masks as text", () => {
  const mask = { height: 2, width: 2, runs: [1, 2, 1] };
  const objects = [
    { label: 1, score: 0.5, box: [5, 2, 15, 12] as const },
    { label: 0, score: 0.25, box: [0, 0, 1, 2] as const, mask },
  ];
  const [first, second] = toCoco(objects, 9, [{ id: 70 }, { id: 20 }]);
  expect(first).toEqual({ image_id: 9, category_id: 20, score: 0.5, bbox: [5, 2, 10, 10] });
  expect(second).toMatchObject({ category_id: 70, bbox: [0, 0, 1, 2] });
  const { segmentation } = second!;
  expect(segmentation).toMatchObject({ size: [2, 2], counts: expect.any(String) });
  expect(toRle(segmentation!, 2, 2, 'test').runs).toEqual([1, 2, 1]);
});
