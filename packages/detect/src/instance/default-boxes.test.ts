import { expect, test } from 'vitest';
import { boxesPerPlace, defaultBoxes } from './default-boxes.ts';

test("default boxes are torchvision's", () => {
  const { data, shape } = defaultBoxes({
    size: 64,
    places: [2, 2, 1],
    scale: [0.2, 0.95],
    ratios: [2, 3],
  });
  expect(shape).toEqual([54, 4]);
  /** Made by torchvision's DefaultBoxGenerator([[2, 3]] * 3, min_ratio=0.2, max_ratio=0.95). */
  const expected: Record<number, number[]> = {
    0: [9.6, 9.6, 22.4, 22.4],
    1: [5.1483, 5.1483, 26.8517, 26.8517],
    2: [6.949, 11.4745, 25.051, 20.5255],
    3: [11.4745, 6.949, 20.5255, 25.051],
    5: [12.305, 4.9149, 19.695, 27.0851],
    7: [37.1483, 5.1483, 58.8517, 26.8517],
    24: [-2.4, -2.4, 34.4, 34.4],
    48: [1.6, 1.6, 62.4, 62.4],
    49: [0.8103, 0.8103, 63.1897, 63.1897],
    53: [14.4486, 0.0, 49.5514, 64.0],
  };
  for (const [i, box] of Object.entries(expected))
    box.forEach((x, k) => expect(data[4 * Number(i) + k]).toBeCloseTo(x, 3));
});

test('by hand: one map of one place', () => {
  // A square of the scale, one between it and the whole image, and for the ratio a wide and a tall box.
  const { data } = defaultBoxes({ size: 100, places: [1], scale: [0.25, 1], ratios: [4] });
  const centred = (w: number, h: number) => [50 - w / 2, 50 - h / 2, 50 + w / 2, 50 + h / 2];
  const expected = [centred(25, 25), centred(50, 50), centred(50, 12.5), centred(12.5, 50)].flat();
  expect([...data]).toEqual(expected.map((x) => expect.closeTo(x, 4)));
});

test('there are two boxes at a place, and two for each ratio', () => {
  expect([[], [2], [2, 3]].map(boxesPerPlace)).toEqual([2, 4, 6]);
  const options = { size: 10, places: [2, 1], scale: [0.2, 0.9] as const };
  for (const ratios of [[], [2], [2, 3]])
    expect(defaultBoxes({ ...options, ratios }).shape).toEqual([5 * boxesPerPlace(ratios), 4]);
});
