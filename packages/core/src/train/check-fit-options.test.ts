import { expect, test } from 'vitest';
import { checkFitOptions } from './check-fit-options.ts';
import type { SearchOptions } from './fit-options.ts';
import type { Optimizer } from './optimizer.ts';

const own: Optimizer = {
  name: 'own',
  contract: 1,
  slots: [],
  numbers: () => ({}),
  update: (all) => all,
};

const check = (options: object, optimizer: object = {}) =>
  checkFitOptions({
    model: {},
    engine: {},
    train: {},
    epochs: 1,
    batchSize: 1,
    seed: 0,
    ...options,
    optimizer: { lr: 1e-3, ...optimizer },
  } as SearchOptions);

const nan = Number.NaN;

test.each(['model', 'engine', 'train', 'epochs', 'batchSize', 'seed'])('%s is needed', (name) => {
  for (const value of [undefined, null])
    expect(() => check({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'OPTION', where: name, found: 'nothing' }),
    );
});

test('so are an optimiser and its learning rate', () => {
  const without = { model: {}, engine: {}, train: {}, epochs: 1, batchSize: 1, seed: 0 };
  for (const [optimizer, where] of [
    [undefined, 'optimizer'],
    [{}, 'optimizer.lr'],
  ])
    expect(() => checkFitOptions({ ...without, optimizer } as unknown as SearchOptions)).toThrow(
      expect.objectContaining({ code: 'OPTION', where }),
    );
});

test.each([
  {},
  { epochs: 300, batchSize: 1024, seed: -3, labelSmoothing: 0, clipGrad: 1e-9, emaDecay: 0.9999 },
  { labelSmoothing: undefined, clipGrad: undefined, architectureShare: 0.3, augRepeats: 3 },
  { accumulate: 4, clipGrad: 0.01, clipMode: 'agc' },
])('%j can be run', (options) => {
  expect(check(options, { minLr: 0, weightDecay: 0, warmupEpochs: 0.5 })).toBeUndefined();
});

test.each<[string, number[]]>([
  ['epochs', [0, -1, 1.5, nan, Number.POSITIVE_INFINITY]],
  ['seed', [0.5, nan, 2 ** 53]],
  ['augRepeats', [0, 1.5]],
  ['accumulate', [0, -2, 1.5, nan]],
  ['memory', [0, -1, 1.5, nan]],
  ['labelSmoothing', [-0.1, 1, nan]],
  ['clipGrad', [0, -1, nan, Number.POSITIVE_INFINITY]],
  ['emaDecay', [-0.1, 1, nan]],
  ['architectureShare', [0, 1, nan]],
])('%s are never %j', (name, values) => {
  for (const value of values)
    expect(() => check({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'OPTION', where: name, found: String(value) }),
    );
});

test.each<[string, object]>([
  ['optimizer.lr', { lr: -1e-3 }],
  ['optimizer.lr', { lr: nan }],
  ['optimizer.minLr', { minLr: -1 }],
  ['optimizer.warmupEpochs', { warmupEpochs: nan }],
  ['optimizer.layerDecay', { layerDecay: 0 }],
  ['optimizer.eps', { eps: 0 }],
  ['optimizer.weightDecay', { weightDecay: -0.05 }],
  ['optimizer.betas[0]', { betas: [1, 0.999] }],
  ['optimizer.betas[1]', { betas: [0.9, nan] }],
  ['optimizer.name', { name: 'adam' }],
  ['optimizer.name', { name: 'toString' }],
  ['optimizer.name', { name: null }],
  ['optimizer.name', { name: { use: './mine.mjs#lion', options: {} } }],
  ['optimizer.name', { name: { ...own, slots: [1] } }],
  ['optimizer.name', { name: { ...own, update: undefined } }],
  ['optimizer.momentum', { name: 'sgd', momentum: 1 }],
  ['optimizer.nesterov', { name: 'sgd', nesterov: 'yes' }],
  ['optimizer.nesterov', { name: 'sgd', nesterov: true, momentum: 0 }],
  ['optimizer.maxGradNorm', { name: 'lamb', maxGradNorm: 0 }],
  ['optimizer.lrFactors.head', { lrFactors: { head: 0 } }],
  ['optimizer.lrFactors.head', { lrFactors: { head: nan } }],
  // Constants of others, which nobody would read.
  ['optimizer.momentum', { momentum: 0.9 }],
  ['optimizer.betas', { name: 'sgd', betas: [0.9, 0.99] }],
  ['optimizer.eps', { name: own, eps: 1e-3 }],
])('%s is checked: %j', (where, optimizer) => {
  expect(() => check({}, optimizer)).toThrow(expect.objectContaining({ code: 'OPTION', where }));
});

test('text is no number, and the architecture has an optimiser too', () => {
  expect(() => check({ epochs: '10' })).toThrow(expect.objectContaining({ where: 'epochs' }));
  expect(() => check({ architectureOptimizer: { lr: nan } })).toThrow(
    expect.objectContaining({ where: 'architectureOptimizer.lr' }),
  );
});

test.each([
  { name: 'sgd', momentum: 0, weightDecay: 1e-4, lrFactors: { head: 10 } },
  { name: 'sgd', nesterov: true },
  { name: 'lamb', maxGradNorm: null, trustClip: true, decay: 'linear' },
  { name: 'adamw', betas: [0.9, 0.95], layerDecay: 0.7 },
  { name: own, layerDecay: 0.7, momentum: undefined },
])('an optimiser may be %j', (optimizer) => {
  expect(check({}, optimizer)).toBeUndefined();
});

test.each<[string, object]>([
  ['clipMode', { clipMode: 'agc' }],
  ['clipMode', { clipGrad: 1, clipMode: 'length' }],
  ['architectureOptimizer.layerDecay', { architectureOptimizer: { lr: 1, layerDecay: 0.9 } }],
  ['architectureOptimizer.lrFactors', { architectureOptimizer: { lr: 1, lrFactors: { a: 1 } } }],
  ['freezeWeights', { initial: {}, freezeWeights: true, freeze: ['head'] }],
  ['freezeWeights', { initial: {}, freezeWeights: true, trainable: ['head'] }],
])('%s is of no use: %j', (where, options) => {
  expect(() => check(options)).toThrow(expect.objectContaining({ code: 'OPTION', where }));
});
