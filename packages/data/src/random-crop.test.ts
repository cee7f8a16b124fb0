import { expect, test } from 'vitest';
import { randomCrop } from './random-crop.ts';
import { counted, draws, grey } from './testing.ts';

const rows = [
  [1, 2, 3],
  [4, 5, 6],
];

test('every shift by up to the padding comes up, black coming in, and no other image', () => {
  const shifted = (dy: number, dx: number) =>
    rows.map((row, y) => row.map((_, x) => rows[y + dy]?.[x + dx] ?? 0)).join();
  const shifts = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => shifted(dy, dx)));
  const found = draws(300, (own) => randomCrop(1)(grey(rows), own).data.join());
  expect(new Set(found)).toEqual(new Set(shifts));
});

test('without padding the image is itself; the channels of a pixel stay together', () => {
  const image = counted(3, 3, 3);
  draws(20, (own) => {
    expect(randomCrop(0)(image, own)).toBe(image);
    const { data } = randomCrop(2)(image, own);
    for (let at = 0; at < data.length; at += 3)
      if (data[at] !== 0)
        expect([data[at + 1], data[at + 2]]).toEqual([data[at]! + 1, data[at]! + 2]);
  });
});
