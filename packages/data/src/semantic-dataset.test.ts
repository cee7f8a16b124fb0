import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import type { Augment } from './augment.ts';
import type { Framing } from './framing.ts';
import { semanticDataset } from './semantic-dataset.ts';
import { IGNORED, type SemanticSource } from './semantic-source.ts';

const size = { height: 2, width: 4 };
const normalization = { mean: [0.5], std: [0.5] };
const maps = [
  [0, 0, 1, 1, 0, 0, 1, 1],
  [2, 2, 2, 2, 2, 2, 2, IGNORED],
];
/** Two images: 255 where the class is above 0. */
const source: SemanticSource = {
  classes: ['a', 'b', 'c'],
  channels: 1,
  images: maps.map((_, i) => ({ ...size, name: `${i}` })),
  skipped: {},
  pixels: async (i) => ({
    data: Uint8Array.from(maps[i]!, (label) => (label > 0 ? 255 : 0)),
    shape: [2, 4, 1],
  }),
  classMap: async (i) => ({ ...size, data: Uint8Array.from(maps[i]!) }),
};
const canvas = { height: 4, width: 4 };

/** The image shifted down by as much as is given. */
const shifted =
  (top: () => number): Framing =>
  (own, space) => ({ source: own, canvas: space, scaled: own, top: -top(), left: 0 });

test('what it is made of', () => {
  const data = semanticDataset(source, { normalization, canvas });
  expect(data).toMatchObject({ source, classes: source.classes, normalization, length: 2 });
  expect(data.shape).toEqual([4, 4, 1]);
  expect(data.input).toMatchObject({ ...normalization, crop_mode: 'corner' });
  expect(data.testing).toEqual({});
  const testing = { flip: true };
  expect(semanticDataset(source, { normalization, canvas, testing }).testing).toBe(testing);
});

test('images and labels lie in the corner alike; beyond them nothing counts', async () => {
  const data = semanticDataset(source, { normalization, canvas });
  const { image, labels } = await data.batch(Int32Array.of(1, 0));
  expect([image.shape, labels!.shape, labels!.dtype]).toEqual([[2, 4, 4, 1], [2, 4, 4], 'int32']);
  const beyond = Array<number>(8).fill(IGNORED);
  expect([...labels!.data]).toEqual([...maps[1]!, ...beyond, ...maps[0]!, ...beyond]);
  // The fill is 128, the mean.
  const own = [-1, -1, 1, 1, -1, -1, 1, 1, ...Array<number>(8).fill(1 / 255)];
  own.forEach((x, i) => expect(image.data[16 + i]).toBeCloseTo(x, 5));
});

describe('in training', () => {
  const batch = (options: object, seed = 1) =>
    semanticDataset(source, { normalization, canvas, ...options }).batch(
      Int32Array.of(0),
      new Generator(seed),
    );

  test('images lie as the framing says, and change as asked for', async () => {
    const white: Augment = ({ data, shape }) => ({ data: data.map(() => 255), shape });
    const { image, labels } = await batch({ framing: shifted(() => 2), augment: [white] });
    expect([...labels!.data.slice(8)]).toEqual(maps[0]);
    expect([...labels!.data.slice(0, 8)]).toEqual(Array(8).fill(IGNORED));
    for (const x of image.data) expect(x).toBeCloseTo(1, 5);
  });

  test('outside it neither framing nor changes are used', async () => {
    const wrong = () => {
      throw new Error('not in evaluation');
    };
    const data = semanticDataset(source, {
      normalization,
      canvas,
      framing: wrong,
      augment: [wrong],
    });
    expect([...(await data.batch(Int32Array.of(0))).labels!.data.slice(0, 8)]).toEqual(maps[0]);
  });

  test('views with too much of one class are tried again, ten times at most', async () => {
    let tries = 0;
    // Down by 0 the left half of the classes shows, otherwise less and less.
    const framing = shifted(() => tries++);
    const some = await batch({ framing, maxClassShare: 0.6 });
    expect(tries).toBe(1);
    expect([...some.labels!.data.slice(0, 8)]).toEqual(maps[0]);
    tries = 0;
    // Half is one class: below a share of 0.5 no view will do.
    await batch({ framing, maxClassShare: 0.5 });
    expect(tries).toBe(10);
    tries = 0;
    await batch({ framing });
    expect(tries).toBe(1);
  });

  test('pixels that do not count have no share', async () => {
    let tries = 0;
    const data = semanticDataset(source, {
      normalization,
      canvas,
      framing: shifted(() => tries++),
      maxClassShare: 0.99,
    });
    await data.batch(Int32Array.of(1), new Generator(1));
    // All that counts is one class, whatever the view.
    expect(tries).toBe(10);
  });
});
