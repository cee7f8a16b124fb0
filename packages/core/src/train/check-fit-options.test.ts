import { expect, test } from 'vitest';
import { checkFitOptions } from './check-fit-options.ts';
import type { OptimizerOptions, SearchOptions } from './fit-options.ts';

const check = (options: object, optimizer: Partial<OptimizerOptions> = {}) =>
  checkFitOptions({
    epochs: 1,
    batchSize: 1,
    seed: 0,
    ...options,
    optimizer: { lr: 1e-3, ...optimizer },
  } as SearchOptions);

const nan = Number.NaN;

test.each([
  {},
  { epochs: 300, batchSize: 1024, seed: -3, labelSmoothing: 0, clipNorm: 1e-9, emaDecay: 0.9999 },
  { labelSmoothing: undefined, clipNorm: undefined, architectureShare: 0.3, augRepeats: 3 },
])('%j can be run', (options) => {
  expect(check(options, { minLr: 0, weightDecay: 0, warmupEpochs: 0.5 })).toBeUndefined();
});

test.each<[string, number[]]>([
  ['epochs', [0, -1, 1.5, nan, Number.POSITIVE_INFINITY]],
  ['seed', [0.5, nan, 2 ** 53]],
  ['augRepeats', [0, 1.5]],
  ['labelSmoothing', [-0.1, 1, nan]],
  ['clipNorm', [0, -1, nan, Number.POSITIVE_INFINITY]],
  ['emaDecay', [-0.1, 1, nan]],
  ['architectureShare', [0, 1, nan]],
])('%s are never %j', (name, values) => {
  for (const value of values)
    expect(() => check({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'OPTION', where: name, found: String(value) }),
    );
});

test.each<[string, Partial<OptimizerOptions>]>([
  ['optimizer.lr', { lr: -1e-3 }],
  ['optimizer.lr', { lr: nan }],
  ['optimizer.minLr', { minLr: -1 }],
  ['optimizer.warmupEpochs', { warmupEpochs: nan }],
  ['optimizer.layerDecay', { layerDecay: 0 }],
  ['optimizer.eps', { eps: 0 }],
  ['optimizer.weightDecay', { weightDecay: -0.05 }],
  ['optimizer.betas[0]', { betas: [1, 0.999] }],
  ['optimizer.betas[1]', { betas: [0.9, nan] }],
])('%s is checked: %j', (where, optimizer) => {
  expect(() => check({}, optimizer)).toThrow(expect.objectContaining({ code: 'OPTION', where }));
});

test('text is no number, and the architecture has an optimiser too', () => {
  expect(() => check({ epochs: '10' })).toThrow(expect.objectContaining({ where: 'epochs' }));
  expect(() => check({ architectureOptimizer: { lr: nan } })).toThrow(
    expect.objectContaining({ where: 'architectureOptimizer.lr' }),
  );
});
