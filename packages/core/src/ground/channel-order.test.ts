import { expect, test } from 'vitest';
import { float32, int32 } from './array.ts';
import { channelsFirst, channelsLast } from './channel-order.ts';

const last = int32([2, 1, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
const first = float32([2, 3, 1, 2], [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]);

test('channels go first, and last again', () => {
  expect(channelsFirst(last)).toEqual(first);
  expect(channelsLast(first)).toEqual({
    ...last,
    dtype: 'float32',
    data: Float32Array.from(last.data),
  });
});

test('what has no places stays', () => {
  const logits = float32([2, 2], [1, 2, 3, 4]);
  expect([channelsFirst(logits), channelsLast(logits)]).toEqual([logits, logits]);
});
