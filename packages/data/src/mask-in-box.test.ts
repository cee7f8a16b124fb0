import { expect, test } from 'vitest';
import { maskInBox } from './mask-in-box.ts';
import type { View } from './view.ts';
import type { Box } from './view-box.ts';

/** A triangle under the diagonal of 4 x 4 pixels. */
const mask = Uint8Array.of(1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1);
const size = { height: 4, width: 4 };
const plain: View = { source: size, scaled: size, canvas: size, top: 0, left: 0 };

test.each<[string, Box, Partial<View>, number[]]>([
  ['the whole image', [0, 0, 4, 4], {}, [...mask]],
  ['a part of it', [1, 1, 3, 3], {}, [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]],
  ['mirrored', [0, 0, 4, 4], { flipX: true }, [0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1]],
  [
    'twice as large',
    [0, 0, 8, 8],
    { scaled: { height: 8, width: 8 }, canvas: { height: 8, width: 8 } },
    [...mask],
  ],
  [
    'shifted',
    [0, 0, 2, 2],
    { top: 1, left: 1, canvas: { height: 2, width: 2 } },
    // Rows 1 and 2, columns 1 and 2 of the image, each twice.
    [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1],
  ],
])('%s', (_, box, view, expected) => {
  expect([...maskInBox(mask, box, { ...plain, ...view }, 4)]).toEqual(expected);
});

test('a grid beyond the image reads its border', () => {
  expect([...maskInBox(mask, [-4, 0, 0, 4], plain, 2)]).toEqual([1, 1, 1, 1]);
  expect([...maskInBox(mask, [4, 0, 8, 2], plain, 2)]).toEqual([0, 0, 0, 0]);
});

test('a coarser grid reads at the centres of its cells', () => {
  // Centres at 2/3, 2 and 10/3: rows and columns 0, 2 and 3.
  expect([...maskInBox(mask, [0, 0, 4, 4], plain, 3)]).toEqual([1, 0, 0, 1, 1, 0, 1, 1, 1]);
});
