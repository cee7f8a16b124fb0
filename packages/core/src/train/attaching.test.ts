import { expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { float32 } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { tf } from '../tensor/tf.ts';
import { checkPlugins } from './attaching.ts';
import { fit } from './fit.ts';
import type { Plugin, PluginRun } from './plugin.ts';
import { search } from './search.ts';
import { plainPlugin, regression, tinyImages, tinyModel } from './testing.ts';

const data = tinyImages(
  [
    [0, 1],
    [1, 0],
    [0, 1],
    [1, 0],
  ],
  [0, 1, 0, 1],
);

const options = async (plugins: readonly Plugin[]) => ({
  model: tinyModel(regression),
  engine: await createEagerEngine({ backend: 'cpu' }),
  train: data,
  validation: data,
  epochs: 1,
  batchSize: 2,
  seed: 1,
  optimizer: { lr: 0.1 },
  plugins,
});

const plugin = (name: string, attach: (run: PluginRun) => object): Plugin =>
  plainPlugin(name, attach as Plugin['setup']);

const refusal = async (run: Promise<unknown>): Promise<KcrError> => {
  const error = await run.then(
    () => 'no error',
    (cause: unknown) => cause,
  );
  if (!(error instanceof KcrError)) throw new Error(`${error} instead of a KcrError`);
  return error;
};

const broken = (): never => {
  throw new TypeError('no such thing');
};

const brokenHooks: Readonly<Record<string, (run: PluginRun) => object>> = {
  setup: broken,
  'tap features': () => ({ tap: broken }),
  loss: () => ({ loss: broken }),
  watch: () => ({ watch: broken }),
  observe: () => ({ observe: broken }),
  refresh: () => ({ refresh: broken }),
  metrics: () => ({ metrics: async () => broken() }),
  select: (run) => {
    const alpha = run.parameter('alpha', float32([], [1]));
    return { loss: () => alpha.value, select: async () => broken() };
  },
};

test.each(Object.entries(brokenHooks))('what %s throws is named', async (hook, attach) => {
  const given = await options([plugin('broken', attach)]);
  const error = await refusal(
    hook === 'select' ? search({ ...given, architectureShare: 0.5 }) : fit(given),
  );
  expect(error.code).toBe('PLUGIN_FAILED');
  expect(error.where).toBe(`plugin "broken", ${hook}`);
  expect(error.found).toContain('no such thing');
  expect(error.cause).toBeInstanceOf(TypeError);
});

test('a KcrError of a hook keeps its code, and is named by plugin and hook where it does not say the plugin', async () => {
  const throwing = (where: string) => () => {
    throw new KcrError('my-package/EMPTY', { where, found: 'nothing', fix: 'Add some' });
  };
  for (const [hook, attach] of [
    ['setup', throwing('here')],
    ['tap', () => ({ tap: throwing('here') })],
    ['refresh', () => ({ refresh: throwing('here') })],
  ] as const)
    expect(await refusal(fit(await options([plugin('own', attach)])))).toMatchObject({
      code: 'my-package/EMPTY',
      where: expect.stringMatching(new RegExp(`^plugin "own", ${hook}.*: here$`)),
      found: 'nothing',
    });
  const named = plugin('own', throwing('own, eta'));
  expect(await refusal(fit(await options([named])))).toMatchObject({ where: 'own, eta' });
});

test.each<[string, string, string, object]>([
  ['PLUGIN_HOOK', 'setup', 'unknown hook losss', { losss: () => tf.scalar(0) }],
  ['PLUGIN_HOOK', 'setup', 'loss is no function', { loss: 1 }],
  ['PLUGIN_HOOK', 'setup', 'returns a promise', Promise.resolve({})],
  ['PLUGIN_HOOK', 'tap features', 'returns a promise', { tap: async (x: tf.Tensor) => x }],
  ['PLUGIN_HOOK', 'loss', 'returns a promise', { loss: async () => tf.scalar(0) }],
  ['PLUGIN_HOOK', 'watch', 'returns a promise', { watch: async () => ({}) }],
  ['PLUGIN_HOOK', 'observe', 'returns a promise', { observe: async () => {} }],
  ['PLUGIN_LOSS', 'loss', 'float32 [2]', { loss: () => tf.zeros([2]) }],
  ['PLUGIN_LOSS', 'loss', 'int32 []', { loss: () => tf.scalar(1, 'int32') }],
  ['TENSOR_EXPECTED', 'loss', 'number instead of a tensor', { loss: () => 1 }],
  [
    'PLUGIN_TAP',
    'tap features',
    'float32 [2, 1] for a value of float32 [2, 2]',
    { tap: (x: tf.Tensor) => tf.sum(x, 1, true) },
  ],
  [
    'PLUGIN_TAP',
    'tap features',
    'int32 [2, 2] for a value of float32 [2, 2]',
    { tap: (x: tf.Tensor) => tf.cast(x, 'int32') },
  ],
  ['TENSOR_EXPECTED', 'tap features', 'undefined instead of a tensor', { tap: () => {} }],
  ['PLUGIN_HOOK', 'watch', 'undefined instead of tensors by name', { watch: () => {} }],
  ['TENSOR_EXPECTED', 'watch, x', 'number instead of a tensor', { watch: () => ({ x: 1 }) }],
  ['PLUGIN_METRIC', 'metrics', 'no object', { metrics: async () => {} }],
  ['PLUGIN_METRIC', 'metrics', 'no object', { metrics: async () => [1] }],
  ['PLUGIN_METRIC', 'metric "size"', 'NaN', { metrics: async () => ({ size: Number.NaN }) }],
  ['PLUGIN_METRIC', 'metric "size"', '3', { metrics: async () => ({ size: '3' }) }],
  ...['epoch', 'lr', 'loss', 'seconds', 'valTop1', 'valLoss'].map(
    (name): [string, string, string, object] => [
      'PLUGIN_METRIC',
      `metric "${name}"`,
      'a name that the log has',
      { metrics: async () => ({ [name]: 1 }) },
    ],
  ),
])('%s in %s: %s', async (code, place, found, hooks) => {
  const error = await refusal(fit(await options([plugin('odd', () => hooks)])));
  expect(error.code).toBe(code);
  expect(error.where).toBe(`plugin "odd", ${place}`);
  expect(error.found).toContain(found);
});

test("a name of the task's metrics is taken without validation too", async () => {
  const odd = plugin('odd', () => ({ metrics: async () => ({ valTop1: 1 }) }));
  const error = await refusal(fit({ ...(await options([odd])), validation: undefined }));
  expect(error.code).toBe('PLUGIN_METRIC');
});

test('two plugins do not share a metric', async () => {
  const both = ['one', 'two'].map((name) =>
    plugin(name, () => ({ metrics: async () => ({ x: 1 }) })),
  );
  const error = await refusal(fit(await options(both)));
  expect(error.code).toBe('PLUGIN_METRIC');
  expect(error.where).toBe('plugin "two", metric "x"');
  expect(error.found).toContain('plugin "one"');
});

test("metrics stand in the log between the log's own numbers, in the order of the plugins", async () => {
  const good = ['b', 'a'].map((name) =>
    plugin(name, () => ({
      tap: (x: tf.Tensor) => tf.mul(x, 1),
      loss: () => tf.zeros([1]),
      metrics: async () => ({ [`${name}2`]: 2, [`${name}1`]: 1 }),
    })),
  );
  const { history } = await fit(await options(good));
  const keys = Object.keys(history[0]!);
  expect(keys.slice(0, 3)).toEqual(['epoch', 'lr', 'loss']);
  expect(keys.slice(-5)).toEqual(['b2', 'b1', 'a2', 'a1', 'seconds']);
  expect(history[0]).toMatchObject({ b2: 2, b1: 1, a2: 2, a1: 1 });
});

const named = (name: string) => plugin(name, () => ({}));

test.each<[string, string, string, unknown[]]>([
  ['PLUGIN_INVALID', 'plugin "without a name"', 'no `name`', [undefined]],
  ['PLUGIN_INVALID', 'plugin "without a name"', 'no `name`', [{ ...named('a'), name: undefined }]],
  ['PLUGIN_INVALID', 'plugin "b"', 'no `setup`', [named('a'), { ...named('b'), setup: undefined }]],
  ['PLUGIN_INVALID', 'plugin "a"', 'the order last', [{ ...named('a'), order: 'last' }]],
  ['EXTENSION_CONTRACT', 'plugin "a"', 'against contract 2', [{ ...named('a'), contract: 2 }]],
  ['EXTENSION_CONTRACT', 'plugin "a"', 'no contract', [{ name: 'a', setup: () => ({}) }]],
  ['PLUGIN_DUPLICATE', 'plugin "a"', 'twice', [named('a'), named('b'), named('a')]],
])('%s: %s, %s', (code, where, found, plugins) => {
  expect(() => checkPlugins(plugins as Plugin[], tinyModel(regression))).toThrow(
    expect.objectContaining({ code, where, found: expect.stringContaining(found) }),
  );
});

test('plugins of one version with names of their own pass', () => {
  expect(() => checkPlugins([named('a'), named('b')], tinyModel(regression))).not.toThrow();
});
