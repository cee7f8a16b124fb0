import {
  adaptiveAveragePool,
  type FeatureMap,
  makeDim,
  resizeNearest,
  type Tensor,
  tf,
} from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { close, engines, expectClose, first, fixture, last, runOn, valuesOf } from '../testing.ts';
import { mapsAtStrides } from './pyramid.ts';

const dim = makeDim('channels', 1);
const map = (stride: number, size: number, value: number): FeatureMap => ({
  value: tf.fill([1, size, size, 1], value),
  dim,
  stride,
});

test('of each stride the last map, as it is', () => {
  const maps = [map(4, 8, 1), map(4, 8, 2), map(8, 4, 3)];
  expect(mapsAtStrides(maps, [8, 4], 'test')).toEqual([maps[2], maps[1]]);
});

test('a stride that is missing is made from the nearest one, of equal ones the later', async () => {
  const values = await valuesOf(() => {
    const maps = mapsAtStrides([map(8, 8, 3), map(32, 2, 5)], [4, 16, 64], 'test');
    expect(maps.map(({ stride }) => stride)).toEqual([4, 16, 64]);
    return { fine: maps[0]!.value, middle: maps[1]!.value, coarse: maps[2]!.value };
  });
  expect(values.fine.shape).toEqual([1, 16, 16, 1]);
  expect(values.middle.shape).toEqual([1, 4, 4, 1]);
  expect(values.coarse.shape).toEqual([1, 1, 1, 1]);
  expect(new Set(values.fine.data)).toEqual(new Set([3]));
  expect(new Set(values.middle.data)).toEqual(new Set([5]));
  expect([...values.coarse.data]).toEqual([5]);
});

test('coarser maps are means, finer ones between', async () => {
  const row = [0, 1, 2, 3];
  const { coarse, fine } = await valuesOf(() => {
    const value = tf.tensor4d([row.map(() => row.map((x) => [x]))]);
    const [half, double] = mapsAtStrides([{ value, dim, stride: 16 }], [32, 8], 'test');
    return { coarse: half!.value, fine: double!.value };
  });
  expect([...coarse.data]).toEqual([0.5, 2.5, 0.5, 2.5]);
  expect([...fine.data.slice(0, 8)]).toEqual(close([0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]));
});

test('a backbone without maps: BACKBONE_MAPS with its name', () => {
  expect(() => mapsAtStrides([], [4], 'vit')).toThrow(
    expect.objectContaining({ code: 'BACKBONE_MAPS', where: 'backbone vit' }),
  );
});

// What maps are made with, against PyTorch.
const tensors = await fixture('head_ops');
const ops: Record<string, (x: Tensor) => Tensor> = {
  ...Object.fromEntries(
    [1, 2, 3, 6].map((n) => [`pooled.${n}`, (x: Tensor) => adaptiveAveragePool(x, [n, n])]),
  ),
  'nearest.10.14': (x) => resizeNearest(x, [10, 14]),
  'nearest.3.4': (x) => resizeNearest(x, [3, 4]),
  'nearest.8.5': (x) => resizeNearest(x, [8, 5]),
};

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  test("pooling and the nearest pixel are PyTorch's", async () => {
    const all = ({ x }: Record<string, Tensor>) =>
      Object.fromEntries(Object.entries(ops).map(([name, op]) => [name, first(op(last(x!)))]));
    const found = await runOn(makeEngine, all, { x: tensors.x! });
    for (const name of Object.keys(ops)) expectClose(found[name]!, tensors[name]!, 1e-4);
  });
});
