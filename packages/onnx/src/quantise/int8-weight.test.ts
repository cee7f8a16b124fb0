import { expect, test } from 'vitest';
import { int8Weight, transposed } from './int8-weight.ts';
import type { Layer } from './layer.ts';

const layer = (shape: readonly number[], data: readonly number[], axis: number) =>
  ({
    weight: { name: 'w', dtype: 'float32', shape, data: Float32Array.from(data) },
    axis,
  }) as Layer;

test('by hand: each output channel has its own scale, in either layout', () => {
  // Channels (1.27, -0.5) and (0.0127, 0.01).
  const columns = int8Weight(layer([2, 2], [1.27, 0.0127, -0.5, 0.01], 1));
  expect([...columns.values]).toEqual([127, 127, -50, 100]);
  expect(columns.scales[0]).toBeCloseTo(0.01, 7);
  expect(columns.scales[1]).toBeCloseTo(0.0001, 9);
  const rows = int8Weight(layer([2, 2], [1.27, -0.5, 0.0127, 0.01], 0));
  expect([...rows.values]).toEqual([127, -50, 127, 100]);
  expect([...rows.scales]).toEqual([...columns.scales]);
});

test('a channel of zeros stays zeros, and the other channels are as without it', () => {
  const { values, scales } = int8Weight(layer([2, 1, 1, 2], [0, 0, 2, -1], 0));
  expect([...values]).toEqual([0, 0, 127, -64]);
  expect(scales[0]).toBe(1);
});

test('rows become columns', () =>
  expect([...transposed(Int8Array.of(1, 2, 3, 4, 5, 6), 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]));
