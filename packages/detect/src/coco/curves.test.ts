import { expect, test } from 'vitest';
import { accumulate } from './curves.ts';
import type { Matches } from './matching.ts';

/** The same states at all ten thresholds. */
const cell = (scores: number[], states: number[], positives: number): Matches => ({
  scores: Float64Array.from(scores),
  state: Uint8Array.from(Array(10).fill(states).flat()),
  positives,
});
/** The distinct precisions from low recalls to high ones, and at how many of the 101 each is. */
function steps(cells: Matches[], limit = 100) {
  const [{ precision, recall }] = accumulate(cells, limit) as [
    { precision: Float64Array; recall: number },
  ];
  const found: [number, number][] = [];
  for (const p of precision) {
    if (found.at(-1)?.[0] === p) found.at(-1)![1]++;
    else found.push([p, 1]);
  }
  return { found: found.map(([p, n]) => [expect.closeTo(p, 9), n]), recall };
}

test('by hand: a hit, a miss and a hit of two objects', () => {
  // Precisions 1, 1/2 and 2/3 at recalls 1/2, 1/2 and 1; the higher one of what comes counts.
  expect(steps([cell([0.9, 0.8, 0.7], [1, 0, 1], 2)])).toEqual({
    found: [
      [1, 51],
      [2 / 3, 50],
    ],
    recall: 1,
  });
});

test('images are put together by score, and what counts neither way is passed over', () => {
  const cells = [cell([0.9, 0.1], [0, 1], 1), cell([0.8, 0.5], [1, 2], 3)];
  // A miss, a hit, nothing, a hit: precisions 1/2 and 2/3 at recalls 1/4 and 1/2.
  expect(steps(cells)).toEqual({
    found: [
      [2 / 3, 51],
      [0, 50],
    ],
    recall: 0.5,
  });
});

test('a limit is for each image', () => {
  const cells = [cell([0.9, 0.8], [0, 1], 1), cell([0.7, 0.6], [1, 0], 1)];
  expect(steps(cells, 1)).toEqual({
    found: [
      [0.5, 51],
      [0, 50],
    ],
    recall: 0.5,
  });
  expect(steps(cells, 2).recall).toBe(1);
});

test('nothing found has no recall; nothing to find has no curve', () => {
  expect(steps([cell([], [], 2)])).toEqual({ found: [[0, 101]], recall: 0 });
  expect(accumulate([cell([0.5], [0], 0)], 100)).toBeUndefined();
  expect(accumulate([cell([0.9], [1], 1)], 100)).toHaveLength(10);
});
