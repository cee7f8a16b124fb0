import { expect, test } from 'vitest';
import { ownersOf, tinted } from './tint.ts';

const grey = { data: Uint8Array.of(100, 200), shape: [1, 2, 1] as const };

test('colours lie over the pixels that have one', () => {
  const { data, shape } = tinted(grey, (pixel) => (pixel === 1 ? [0, 100, 200] : undefined));
  expect(shape).toEqual([1, 2, 3]);
  expect([...data]).toEqual([100, 100, 100, 110, 155, 200]);
});

test('of masks that overlap the first is seen', () =>
  expect([...ownersOf([[0, 1, 0], undefined, [1, 1, 0]], 3)]).toEqual([2, 0, -1]));
