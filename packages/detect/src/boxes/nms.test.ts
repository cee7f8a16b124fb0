import { describe, expect, test } from 'vitest';
import { boxesOf, fixture } from '../testing.ts';
import { nms } from './nms.ts';

test("it is torchvision's, also by label", async () => {
  const tensors = await fixture('detection_ops');
  const [boxes, scores] = [tensors['nms.boxes']!, tensors['nms.scores']!.data];
  for (const threshold of [0.3, 0.5])
    expect(nms(boxes, scores, threshold)).toEqual(tensors[`nms.keep.${threshold}`]!.data);
  expect(nms(boxes, scores, 0.5, tensors['nms.labels']!.data)).toEqual(
    tensors['nms.batched.0.5']!.data,
  );
});

describe('by hand', () => {
  // The second shares a half with the first and with the third; those two share nothing.
  const boxes = boxesOf([
    [0, 0, 4, 2],
    [2, 0, 6, 2],
    [4, 0, 8, 2],
  ]);
  const third = 1 / 3;

  test.each([
    ['the best stays, and what overlaps it goes', [3, 2, 1], 0.3, [0, 2]],
    ['one in the middle takes both away', [1, 3, 2], 0.3, [1]],
    ['a box that is gone takes none away', [3, 2, 2.5], 0.3, [0, 2]],
    ['at the threshold both stay', [3, 2, 1], third, [0, 1, 2]],
    ['above it all stay', [1, 2, 3], 0.5, [2, 1, 0]],
    ['of equal scores the first stays', [1, 1, 1], 0.3, [0, 2]],
  ])('%s', (_, scores, threshold, kept) => {
    expect([...nms(boxes, scores, threshold)]).toEqual(kept);
  });

  test('other labels take none away', () => {
    expect([...nms(boxes, [3, 2, 1], 0.3, [0, 1, 1])]).toEqual([0, 1]);
    expect([...nms(boxes, [3, 2, 1], 0.3, [0, 1, 2])]).toEqual([0, 1, 2]);
  });

  test('boxes without an area overlap nothing', () => {
    const flat = boxesOf([
      [1, 1, 1, 3],
      [1, 1, 1, 3],
    ]);
    expect([...nms(flat, [1, 2], 0)]).toEqual([1, 0]);
  });
});

test('other numbers of boxes than scores: SHAPE_MISMATCH', () => {
  expect(() => nms(boxesOf([[0, 0, 1, 1]]), [1, 2], 0.5)).toThrow(
    expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
  );
  expect([...nms(boxesOf([]), [], 0.5)]).toEqual([]);
});
