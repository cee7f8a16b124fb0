import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Tensor } from '../tensor/tf.ts';
import { linear, linearParts } from './linear.ts';
import { layerModel, runLayer } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

test('it is x W^T + b on the last axis', () => {
  const model = layerModel([2, 3], (m, x) => linear(m.child('fc'), x, 3, 2));
  const weights = { 'fc.weight': [1, 2, 3, -1, 0, 5], 'fc.bias': [10, 20] };
  const { y, shape } = runLayer(model, [1, 0, 0, 1, 1, 1], weights);
  expect(shape).toEqual([1, 2, 2]);
  expect(y).toEqual([11, 19, 16, 24]);
});

test('without a bias there is no parameter for one', () => {
  const model = layerModel([1, 2], (m, x) => linear(m, x, 2, 3, { bias: false }));
  expect(model.params.map(({ name, shape }) => [name, shape])).toEqual([['weight', [3, 2]]]);
  expect(runLayer(model, [1, 2], { weight: [1, 0, 0, 1, 1, 1] }).y).toEqual([1, 2, 3]);
});

test('weights decay and biases do not', () => {
  const { params } = layerModel([1, 2], (m, x) => linear(m, x, 2, 3));
  expect(params.map(({ name, decay }) => [name, decay])).toEqual([
    ['weight', true],
    ['bias', false],
  ]);
});

test('its cost is positions x in x out, whatever the number of parts', () => {
  const layer = layerModel([5, 3], (m, x) => linear(m.child('fc'), x, 3, 4));
  expect(layer.costs).toEqual([
    { name: 'fc', kind: 'linear', positions: 5, in: 3, out: [4], kernel: 1 },
  ]);
  const parts = layerModel([5, 3], (m, x) => linearParts(m, x, 3, [2, 2])[1]!);
  expect([layer.macs.total, parts.macs.total]).toEqual([60, 60]);
});

describe('parts of a fused weight', () => {
  const weights = { weight: [1, 2, 3, 4, 5, 6], bias: [0.5, 0.25, 0.125] };
  const part = (i: number) => {
    const layer = layerModel([2, 2], (m, x) => linearParts(m, x, 2, [1, 2])[i] as Tensor);
    return runLayer(layer, [1, 0, 0, 1], weights);
  };

  test('the first has the first rows, the second the others, and so have the biases', () => {
    expect(part(0).y).toEqual([1.5, 2.5]);
    expect(part(1).y).toEqual([3.25, 5.125, 4.25, 6.125]);
    expect(part(1).shape).toEqual([1, 2, 2]);
  });

  test('a part that is several dimensions itself is one tensor', () => {
    const layer = layerModel([1, 2], (m, x) => linearParts(m, x, 2, [[1, 1], 1])[0]!);
    expect(runLayer(layer, [1, 1], weights).y).toEqual([3.5, 7.25]);
  });
});

test('a pruned layer has the rows and columns that are left', () => {
  const layer = layerModel(
    [1, 2],
    (m, x) => {
      const hidden = m.dim('hidden', 3);
      return linear(
        m.child('fc2'),
        m.tap('hidden', linear(m.child('fc1'), x, 2, hidden), hidden),
        hidden,
        2,
      );
    },
    { kept: { hidden: [0, 2] } },
  );
  expect(layer.params.map(({ name, shape }) => [name, shape])).toEqual([
    ['fc1.weight', [2, 2]],
    ['fc1.bias', [2]],
    ['fc2.weight', [2, 2]],
    ['fc2.bias', [2]],
  ]);
  expect(layer.macs.total).toBe(2 * 2 + 2 * 2);
});
