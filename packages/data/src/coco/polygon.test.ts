import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { rleFromPolygon } from './polygon.ts';
import { rleArea, rleBox } from './rle.ts';
import { rleToMask } from './rle-mask.ts';
import { decodeRuns, encodeRuns } from './rle-text.ts';

interface Drawn {
  height: number;
  width: number;
  points: number[];
  counts: string;
  area: number;
  bbox: number[];
}

/** Made by tools/parity/make_coco_cases.py with pycocotools 2.0.11. */
const drawn: Drawn[] = JSON.parse(
  await readFile(new URL('../../fixtures/polygons.json', import.meta.url), 'utf8'),
);

test("polygons become pycocotools' masks, areas and boxes", () => {
  expect(drawn.length).toBeGreaterThan(10);
  for (const { height, width, points, counts, area, bbox } of drawn) {
    const rle = rleFromPolygon(points, height, width);
    expect(encodeRuns(rle.runs)).toBe(counts);
    expect(decodeRuns(counts)).toEqual(rle.runs);
    expect(rleArea(rle)).toBe(area);
    // Of an empty mask pycocotools' box depends on where its only run ends.
    if (area > 0) expect(rleBox(rle)).toEqual(bbox);
  }
});

test('a rectangle of whole pixels has those, from either corner and either way round', () => {
  const points = [2, 1, 6, 1, 6, 4, 2, 4];
  const corners = [0, 2, 4, 6].map((i) => points.slice(i, i + 2));
  const expected = Array.from({ length: 40 }, (_, i) => {
    const [y, x] = [Math.floor(i / 8), i % 8];
    return y >= 1 && y < 4 && x >= 2 && x < 6 ? 1 : 0;
  });
  for (let first = 0; first < 4; first++)
    for (const order of [corners, corners.toReversed()]) {
      const turned = [...order.slice(first), ...order.slice(0, first)].flat();
      expect([...rleToMask(rleFromPolygon(turned, 5, 8))]).toEqual(expected);
    }
});

test('what lies beyond the image is cut; nothing is in between two points', () => {
  const rle = rleFromPolygon([-5, -5, 3, -5, 3, 20, -5, 20], 4, 6);
  expect(rleBox(rle)).toEqual([0, 0, 3, 4]);
  expect(rleArea(rle)).toBe(12);
  expect(rleArea(rleFromPolygon([1, 1, 4, 3], 5, 8))).toBe(0);
});

test('sides far outside the image cost nothing', () => {
  const far = rleFromPolygon([1, 1, 4e8, 1, 4e8, 3, 1, 3], 4, 6);
  expect(far).toEqual(rleFromPolygon([1, 1, 6, 1, 6, 3, 1, 3], 4, 6));
  // A triangle from far below: its steep sides are cut, too.
  const steep = rleFromPolygon([2, 0, 4, 0, 3, 4e8], 4, 6);
  expect(rleBox(steep)).toEqual([2, 0, 2, 4]);
});

test('COCO_SEGMENTATION for a polygon that could fill the memory', () => {
  const [height, width] = [1, 2 ** 24];
  expect(() => rleFromPolygon([0, 0, width, 0, width, 1], height, width, 'here')).toThrow(
    expect.objectContaining({ code: 'COCO_SEGMENTATION', where: 'here' }),
  );
});
