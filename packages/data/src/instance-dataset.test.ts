import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import type { Augment } from './augment.ts';
import { rleFromPolygon } from './coco/polygon.ts';
import type { Framing } from './framing.ts';
import { instanceDataset } from './instance-dataset.ts';
import type { Instance, InstanceSource } from './instance-source.ts';

const [height, width] = [24, 32];
const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const canvas = { height: 48, width: 64 };
const polygon = (...points: number[]) => rleFromPolygon(points, height, width);

const objects: Instance[][] = [
  [
    { label: 1, box: [2, 4, 10, 12], mask: polygon(2, 4, 10, 4, 10, 12, 2, 12), crowd: false },
    { label: 0, box: [0, 0, 32, 24], mask: polygon(0, 0, 32, 0, 32, 24, 0, 24), crowd: true },
    // The right angle is in the upper right corner.
    { label: 0, box: [16, 8, 31, 20], mask: polygon(16, 8, 31, 8, 31, 20), crowd: false },
  ],
  [{ label: 1, box: [0, 0, 4, 4], mask: polygon(0, 0, 4, 0, 4, 4, 0, 4), crowd: false }],
];
const source: InstanceSource = {
  classes: ['cat', 'dog'],
  channels: 3,
  masks: true,
  skipped: {},
  truth: {
    images: objects.map((_, i) => ({ id: i + 1, height, width })),
    annotations: [],
    categories: [],
  },
  pixels: async (i) => ({
    data: new Uint8Array(height * width * 3).fill(i === 0 ? 255 : 0),
    shape: [height, width, 3],
  }),
  instances: (i) => objects[i]!,
};

test('what it is made of', () => {
  const data = instanceDataset(source, { normalization, canvas });
  expect(data).toMatchObject({ classes: ['cat', 'dog'], length: 2, shape: [48, 64, 3] });
  expect(data.view(0)).toMatchObject({ top: 0, left: 0, scaled: canvas });
  const resize = { shortest_edge: 36, longest_edge: 100 };
  const short = instanceDataset(source, { normalization, canvas, resize });
  expect(short.view(1).scaled).toEqual({ height: 36, width: 48 });
  expect(short.input).toMatchObject({ crop_mode: 'corner', resize });
});

test('objects on the canvas, without crowds, as many places as the fullest image needs', async () => {
  const data = instanceDataset(source, { normalization, canvas, maskSize: 8 });
  const { image, boxes, labels, masks } = await data.batch(Int32Array.of(1, 0));
  expect(image.shape).toEqual([2, 48, 64, 3]);
  expect([boxes!.shape, labels!.shape, masks!.shape]).toEqual([
    [2, 2, 4],
    [2, 2],
    [2, 2, 8, 8],
  ]);
  expect([...labels!.data]).toEqual([1, -1, 1, 0]);
  expect([...boxes!.data]).toEqual([0, 0, 8, 8, 0, 0, 0, 0, 4, 8, 20, 24, 32, 16, 62, 40]);
  const maskOf = (n: number) => [...masks!.data.slice(64 * n, 64 * (n + 1))];
  expect([0, 2].map((n) => new Set(maskOf(n)))).toEqual([new Set([1]), new Set([1])]);
  expect(new Set(maskOf(1))).toEqual(new Set([0]));
  const triangle = maskOf(3);
  expect([triangle[7], triangle[56]]).toEqual([1, 0]);
  // Half of the cells, and half of those on the diagonal.
  expect(Math.abs(triangle.reduce((a, b) => a + b) - 32)).toBeLessThanOrEqual(4);
});

test('masks come along only where all objects have one', async () => {
  const data = instanceDataset({ ...source, masks: false }, { normalization, canvas });
  expect(await data.batch(Int32Array.of(0))).not.toHaveProperty('masks');
});

describe('in training', () => {
  const framing: Framing = (own) => ({
    source: own,
    canvas,
    top: 3,
    left: 2,
    flipX: true,
    scaled: { height: 48, width: 64 },
  });
  const batch = (options: object, seed = 1) =>
    instanceDataset(source, { normalization, canvas, ...options }).batch(
      Int32Array.of(0),
      new Generator(seed),
    );

  test('boxes lie as the framing says', async () => {
    const { boxes } = await batch({ framing });
    // [4, 8, 20, 24] by 3 up and 2 to the left, mirrored on a canvas of 64.
    expect([...boxes!.data.slice(0, 4)]).toEqual([64 - 18, 5, 64 - 2, 21]);
    expect(await batch({ framing })).toEqual(await batch({ framing }));
  });

  test('boxes that have become too small are left out', async () => {
    const sizes = async (minSize: number) => [
      ...(await batch({ framing: cut, minSize })).labels!.data,
    ];
    // The first object is 4 to 20 wide on the canvas: 2 pixels of it are left.
    const cut: Framing = (own) => ({
      ...framing(own, canvas, new Generator(1)),
      flipX: false,
      left: 18,
    });
    expect(await sizes(1)).toEqual([1, 0]);
    expect(await sizes(2)).toEqual([1, 0]);
    expect(await sizes(3)).toEqual([0, -1]);
  });

  test('images change as asked for, outside it they do not', async () => {
    const black: Augment = ({ data, shape }) => ({ data: new Uint8Array(data.length), shape });
    const { image } = await batch({ augment: [black] });
    expect(new Set(image.data)).toEqual(new Set([-1]));
    const data = instanceDataset(source, { normalization, canvas, augment: [black] });
    expect((await data.batch(Int32Array.of(0))).image.data[0]).toBeCloseTo(1, 6);
  });
});
