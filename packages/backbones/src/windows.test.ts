import { describe, expect, test } from 'vitest';
import { mergeOrder, relativePositions, windows } from './windows.ts';

/** Rows of a window's mask, 0 as a point and -100 as a cross. */
const drawn = (mask: Float32Array, area: number, window: number) =>
  Array.from({ length: area }, (_, query) =>
    Array.from({ length: area }, (_k, key) => {
      const value = mask[(window * area + query) * area + key]!;
      return value === 0 ? '.' : value === -100 ? 'x' : '?';
    }).join(''),
  );

const square = (size: number) => ({ height: size, width: size });
const both = (shift: number) => ({ down: shift, right: shift });

describe('windows', () => {
  test('of a grid of 4 x 4 are its quarters', () => {
    expect(windows({ height: 4, width: 4 }, square(2))).toEqual({
      height: 4,
      width: 4,
      window: { height: 2, width: 2 },
      area: 4,
      count: 4,
      order: [...[0, 1, 4, 5], ...[2, 3, 6, 7], ...[8, 9, 12, 13], ...[10, 11, 14, 15]],
    });
  });

  test('shifted by 1, the grid is rolled, and what wrapped around is no neighbour', () => {
    // 5 6 | 7 4
    // 9 10|11 8
    // ----+----
    // 13 14|15 12
    // 1  2 |3  0
    const { order, mask } = windows({ height: 4, width: 4 }, square(2), both(1));
    expect(order).toEqual([
      ...[5, 6, 9, 10],
      ...[7, 4, 11, 8],
      ...[13, 14, 1, 2],
      ...[15, 12, 3, 0],
    ]);
    const pictures = [0, 1, 2, 3].map((window) => drawn(mask!, 4, window));
    expect(pictures).toEqual([
      ['....', '....', '....', '....'],
      ['.x.x', 'x.x.', '.x.x', 'x.x.'],
      ['..xx', '..xx', 'xx..', 'xx..'],
      ['.xxx', 'x.xx', 'xx.x', 'xxx.'],
    ]);
  });

  test('that reach over the border have nothing there, also where the grid is rolled', () => {
    expect(windows({ height: 3, width: 3 }, square(2)).order).toEqual([
      ...[0, 1, 3, 4],
      ...[2, -1, 5, -1],
      ...[6, 7, -1, -1],
      ...[8, -1, -1, -1],
    ]);
    expect(windows({ height: 3, width: 3 }, square(2), both(1)).order).toEqual([
      ...[4, 5, 7, 8],
      ...[3, -1, 6, -1],
      ...[1, 2, -1, -1],
      ...[0, -1, -1, -1],
    ]);
  });

  test('of a grid that is not square', () => {
    const { count, area, order } = windows({ height: 2, width: 6 }, square(2));
    expect([count, area]).toEqual([3, 4]);
    expect(order).toEqual([0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]);
  });

  test.each([
    [6, 6, 3, 1],
    [6, 9, 3, 1],
    [8, 4, 4, 2],
    [14, 14, 7, 3],
  ])('%i x %i in %i, shifted by %i: the mask is open between neighbours alone', (...cut) => {
    const [height, width, size, shift] = cut;
    const { order, mask, area, count } = windows({ height, width }, square(size), both(shift));
    expect(order.toSorted((a, b) => a - b)).toEqual([...Array(height * width).keys()]);
    expect(mask).toHaveLength(count * area * area);
    const place = (position: number) => [Math.floor(position / width), position % width] as const;
    const within = (i: number) => [Math.floor(i / size), i % size] as const;
    let wrong = 0;
    mask!.forEach((value, i) => {
      const [window, pair] = [Math.floor(i / area ** 2), i % area ** 2];
      const [query, key] = [Math.floor(pair / area), pair % area];
      // Neighbours lie to each other in the grid as they do in the window.
      const [a, b] = [place(order[window * area + query]!), place(order[window * area + key]!)];
      const [u, v] = [within(query), within(key)];
      const together = a[0] - b[0] === u[0] - v[0] && a[1] - b[1] === u[1] - v[1];
      if (value !== (together ? 0 : -100)) wrong++;
    });
    expect([wrong, shift > 0]).toEqual([0, true]);
  });
});

test('windows that are not square, shifted along one side, are closed along that side alone', () => {
  // One row of windows, two wide: 1 2 | 3 0
  const { order, mask, count } = windows(
    { height: 1, width: 4 },
    { height: 1, width: 2 },
    { down: 0, right: 1 },
  );
  expect([count, order]).toEqual([2, [1, 2, 3, 0]]);
  expect([0, 1].map((window) => drawn(mask!, 2, window))).toEqual([
    ['..', '..'],
    ['.x', 'x.'],
  ]);
  expect(relativePositions({ height: 1, width: 2 })).toEqual([1, 0, 2, 1]);
});

describe('relative positions', () => {
  test('of a window of 2 x 2 are the rows of the published table', () => {
    expect(relativePositions(square(2))).toEqual([
      ...[4, 3, 1, 0],
      ...[5, 4, 2, 1],
      ...[7, 6, 4, 3],
      ...[8, 7, 5, 4],
    ]);
  });

  test.each([1, 3, 7])(
    'of side %i: each of the table is met, the middle by a position itself',
    (n) => {
      const pairs = relativePositions(square(n));
      const rows = (2 * n - 1) ** 2;
      expect(new Set(pairs).size).toBe(rows);
      for (let i = 0; i < n * n; i++) expect(pairs[i * n * n + i]).toBe((rows - 1) / 2);
      // There and back are opposite to each other in the table.
      for (let i = 0; i < n * n; i++)
        for (let j = 0; j < n * n; j++)
          expect(pairs[i * n * n + j]! + pairs[j * n * n + i]!).toBe(rows - 1);
    },
  );
});

describe('merging', () => {
  test('puts 2 x 2 positions together, column by column', () => {
    expect(mergeOrder(4, 4)).toEqual([
      ...[0, 4, 1, 5],
      ...[2, 6, 3, 7],
      ...[8, 12, 9, 13],
      ...[10, 14, 11, 15],
    ]);
  });

  test('has nothing beyond the border of an odd grid', () => {
    expect(mergeOrder(3, 3)).toEqual([
      ...[0, 3, 1, 4],
      ...[2, 5, -1, -1],
      ...[6, -1, 7, -1],
      ...[8, -1, -1, -1],
    ]);
    expect(mergeOrder(1, 2)).toEqual([0, -1, 1, -1]);
  });
});
