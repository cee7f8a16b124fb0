import { beforeAll, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { tf } from '../tensor/tf.ts';
import { type ConvNormOptions, convNorm } from './conv-norm.ts';
import { layerModel, runLayer } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const model = (options: Partial<ConvNormOptions>) =>
  layerModel([1, 2, 1], (m, x) =>
    convNorm(m, x, 1, m.dim('out', 2, { prunable: false }), { kernel: 1, ...options }),
  );

const names = (options: Partial<ConvNormOptions>) => model(options).params.map(({ name }) => name);

test('the convolution has a bias where there is no norm, or where it is asked for', () => {
  const buffers = ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'];
  expect(names({})).toEqual(['conv.weight', 'conv.bias']);
  expect(names({ norm: 'bn' })).toEqual(['conv.weight', ...buffers.map((name) => `bn.${name}`)]);
  expect(names({ norm: 'norm', bias: true })).toEqual([
    'conv.weight',
    'conv.bias',
    ...buffers.map((name) => `norm.${name}`),
  ]);
});

test('it convolves, normalises and then activates', () => {
  const weights = {
    'conv.weight': [2, -1],
    'bn.weight': [3, 1],
    'bn.bias': [0.5, -1],
    'bn.running_mean': [1, 0],
    'bn.running_var': [4 - 1e-5, 1 - 1e-5],
    'bn.num_batches_tracked': [1],
  };
  const { y } = runLayer(model({ norm: 'bn', activation: (x) => tf.relu(x) }), [2, -2], weights);
  // 2 x, -x; (2 x - 1) / 2 * 3 + 0.5, -x - 1; negative ones to 0.
  [5, 0, 0, 1].forEach((value, i) => expect(y[i]).toBeCloseTo(value, 5));
});
