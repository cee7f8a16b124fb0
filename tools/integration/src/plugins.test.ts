import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin, fit, type KcrError, type Plugin, search, tf } from '@kcr/core';
import { gumbelMasks } from '@kcr/masks';
import { kcrNystrom } from '@kcr/nystrom';
import { describe, expect, test } from 'vitest';
import { engines, pairs, smallModels, syntheticData } from './helpers.ts';

/** Every plugin, with options for a few epochs on small models. Tests over plugins run over this table. */
const plugins: Readonly<Record<string, () => Plugin>> = {
  'gumbel-masks': () => gumbelMasks({ dims: ['io', 'hidden'], entropy: 0.1, cost: 'model' }),
  'gumbel-masks, straight-through': () => gumbelMasks({ straightThrough: true }),
  'kcr-nystrom, projection': () => kcrNystrom({ eta: 0.1, rank: 3, landmarks: 12, warmup: 0.5 }),
  'kcr-nystrom, reconstruction': () =>
    kcrNystrom({ eta: 0.1, rank: 3, landmarks: 12, form: 'reconstruction', sampling: 'kmeans++' }),
  'kcr-nystrom, linear': () =>
    kcrNystrom({
      eta: 0.1,
      rank: 3,
      landmarks: 12,
      form: 'linear',
      sampling: 'leverage',
      warmup: 0,
    }),
};

const base = (model: ReturnType<(typeof smallModels)[string]>) => ({
  model,
  train: syntheticData(model, 24),
  epochs: 2,
  batchSize: 8,
  seed: 1,
  // Where a gradient is zero but for rounding (a bias before a batch norm), AdamW would make a step of it.
  optimizer: { lr: 1e-3, eps: 1e-3 },
});

describe.each(pairs(smallModels, plugins))(
  '%s with %s',
  (_model, _plugin, makeModel, makePlugin) => {
    test('trains alike on both engines and leaves no tensor behind', async () => {
      const losses: number[][] = [];
      for (const makeEngine of Object.values(engines)) {
        const engine = await makeEngine();
        const before = tf.memory().numTensors;
        const { history } = await fit({ ...base(makeModel()), engine, plugins: [makePlugin()] });
        losses.push(history.map((record) => record.loss!));
        expect(tf.memory().numTensors).toBe(before);
        expect(engine.names()).toEqual([]);
        await engine.dispose();
      }
      losses[0]!.forEach((loss, i) => expect(loss).toBeCloseTo(losses[1]![i]!, 4));
    });
  },
);

test.each(Object.entries(engines))(
  '50 steps with all plugins leave no tensor behind on %s',
  async (_, makeEngine) => {
    const engine = await makeEngine();
    const counts: number[] = [];
    await fit({
      ...base(smallModels.vit!()),
      epochs: 17,
      engine,
      plugins: [gumbelMasks({}), kcrNystrom({ eta: 0.1, rank: 3, landmarks: 12, warmup: 0 })],
      onStep: () => counts.push(tf.memory().numTensors),
    });
    expect(counts.length).toBeGreaterThanOrEqual(50);
    expect(new Set(counts.slice(1)).size).toBe(1);
    await engine.dispose();
  },
);

test('a run resumes only with the same plugins and options', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kcr-plugins-'));
  const run = async (eta: number, more = {}) => {
    const plugins = [kcrNystrom({ eta, rank: 3, landmarks: 12 })];
    return fit({
      ...base(smallModels.vit!()),
      engine: await engines.onnx!(),
      plugins,
      directory,
      ...more,
    });
  };
  const { weights } = await run(0.1);
  expect((await run(0.1)).weights).toEqual(weights);
  await expect(run(0.2)).rejects.toThrow(/another plugins/);
  await expect(run(0.1, { labelSmoothing: 0.1 })).rejects.toThrow(/another labelSmoothing/);
  await rm(directory, { recursive: true });
});

describe('search', () => {
  test('chooses channels within the budget, the same ones on both engines', async () => {
    const kept = [];
    for (const makeEngine of Object.values(engines)) {
      const model = smallModels.vit!();
      const engine = await makeEngine();
      const result = await search({
        ...base(model),
        batchSize: 4,
        epochs: 3,
        engine,
        plugins: [gumbelMasks({ budget: 0.85 })],
        architectureOptimizer: { lr: 0.1 },
      });
      kept.push(result.kept);
      expect(Object.keys(result.kept)).toEqual(['blocks.0.mlp.io', 'blocks.1.mlp.io']);
    }
    expect(kept[0]).toEqual(kept[1]);
  });

  test('a mask that collapses is said, and its block keeps a channel', async () => {
    const warnings: string[] = [];
    const { kept, history } = await search({
      ...base(smallModels.vit!()),
      batchSize: 4,
      engine: await engines.onnx!(),
      plugins: [gumbelMasks({ lambda: 50, initial: 0.05, temperature: { start: 0.5 } })],
      architectureOptimizer: { lr: 0.5 },
      onWarning: (message) => warnings.push(message),
    });
    expect(history.at(-1)!.collapsed).toBe(2);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/blocks\.0\.mlp\.io has collapsed/);
    for (const channels of Object.values(kept)) expect(channels).toHaveLength(1);
  });
});

describe('what cannot run is refused before anything is trained', () => {
  const attempt = async (more: object) =>
    fit({ ...base(smallModels.vit!()), engine: await engines.onnx!(), ...more }).then(
      () => 'no error',
      (error: KcrError) => error.code,
    );
  const plugin = (more: object) => ({ ...definePlugin('x', () => () => ({}))({}), ...more });
  test.each<[string, object]>([
    ['PLUGIN_API_VERSION', { plugins: [plugin({ apiVersion: 2 })] }],
    ['PLUGIN_INVALID', { plugins: [{ name: 'x' }] }],
    ['PLUGIN_DUPLICATE', { plugins: [plugin({}), plugin({})] }],
    [
      'PLUGIN_HOOK',
      { plugins: [definePlugin('x', () => () => ({ losss: () => 0 }) as object)({})] },
    ],
    ['RANK', { plugins: [kcrNystrom({ eta: 1, rank: 33 })] }],
    ['LANDMARKS', { plugins: [kcrNystrom({ eta: 1, rank: 3, landmarks: 25 })] }],
    ['MASK_DIMS', { plugins: [gumbelMasks({ dims: ['nothing'] })] }],
    ['BATCH_SIZE', { batchSize: 25 }],
    ['DATASET_EMPTY', { train: { ...syntheticData(smallModels.vit!(), 8), length: 0 } }],
    ['DATASET_CLASSES', { train: { ...syntheticData(smallModels.vit!(), 8), classes: ['a'] } }],
    ['LOSS_NOT_FINITE', { optimizer: { lr: 1e30 }, epochs: 5 }],
    [
      'TENSOR_EXPECTED',
      { plugins: [definePlugin('x', () => () => ({ loss: () => 1 as never }))({})] },
    ],
  ])('%s', async (code, more) => {
    expect(await attempt(more)).toBe(code);
  });

  test('a search whose architecture part is smaller than a batch', async () => {
    const options = {
      ...base(smallModels.vit!()),
      engine: await engines.onnx!(),
      plugins: [gumbelMasks({})],
    };
    await expect(search(options)).rejects.toThrow(expect.objectContaining({ code: 'BATCH_SIZE' }));
  });

  test('a tensor of another copy of TensorFlow.js', async () => {
    const require = createRequire(import.meta.url);
    const path = require.resolve('@tensorflow/tfjs-core');
    const own = require.cache[path];
    delete require.cache[path];
    const copy: typeof tf = require(path);
    require.cache[path] = own;
    expect(copy.Tensor).not.toBe(tf.Tensor);
    const foreign = definePlugin('foreign', () => () => ({
      loss: () => new copy.Tensor([], 'float32', {}, 0),
    }))({});
    expect(await attempt({ plugins: [foreign] })).toBe('TENSOR_LIBRARY_DUPLICATE');
  });
});
