import { expect, test } from 'vitest';
import type { View } from './view.ts';
import { type Box, sourceBox, viewBox } from './view-box.ts';

const plain: View = {
  source: { height: 60, width: 90 },
  scaled: { height: 30, width: 90 },
  canvas: { height: 40, width: 48 },
  top: -4,
  left: 10,
};

test.each<[string, Box, Partial<View>, Box]>([
  ['resized and shifted', [20, 10, 40, 50], {}, [10, 9, 30, 29]],
  ['mirrored left and right', [20, 10, 40, 50], { flipX: true }, [18, 9, 38, 29]],
  ['mirrored top and bottom', [20, 10, 40, 50], { flipY: true }, [10, 11, 30, 31]],
  ['cut at the border', [0, 0, 90, 60], {}, [0, 4, 48, 34]],
  ['left empty', [60, 0, 90, 20], {}, [48, 4, 48, 14]],
])('a box is %s', (_, box, change, expected) => {
  expect(viewBox(box, { ...plain, ...change })).toEqual(expected);
});

test('a box of the canvas comes back, cut at the border of the image', () => {
  expect(sourceBox([10, 9, 30, 29], plain)).toEqual([20, 10, 40, 50]);
  expect(sourceBox([18, 9, 38, 29], { ...plain, flipX: true })).toEqual([20, 10, 40, 50]);
  expect(sourceBox([0, 0, 48, 40], plain)).toEqual([10, 0, 58, 60]);
});
