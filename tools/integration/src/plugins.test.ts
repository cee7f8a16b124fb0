import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  adapt,
  definePlugin,
  fit,
  Generator,
  type KcrError,
  type Model,
  type Plugin,
  search,
  tf,
} from '@kcr/core';
import { slimGates } from '@kcr/criteria';
import { distillation } from '@kcr/distill';
import { ibBound } from '@kcr/ib-bound';
import { gumbelMasks, qkMask } from '@kcr/masks';
import { kcrNystrom } from '@kcr/nystrom';
import { describe, expect, test } from 'vitest';
import { engines, noise, shortRun, smallModels, syntheticData } from './helpers.ts';

/** Every plugin, with options for a few epochs on small models. Tests over plugins run over this table. */
const plugins: Readonly<Record<string, (model: Model) => Plugin>> = {
  'gumbel-masks': () =>
    gumbelMasks({ dims: ['io', 'hidden', 'context'], entropy: 0.1, cost: 'model' }),
  'gumbel-masks, straight-through': () => gumbelMasks({ straightThrough: true }),
  'slim-gates': () => slimGates({ l1: { qk: 1e-2 } }),
  'kcr-nystrom, projection': () => kcrNystrom({ eta: 0.1, rank: 3, landmarks: 12, warmup: 0.5 }),
  'kcr-nystrom, landmarks': () =>
    kcrNystrom({ eta: 0.1, rank: 3, landmarks: 12, estimator: 'landmarks' }),
  'kcr-nystrom, balanced': () =>
    kcrNystrom({ eta: { balance: 0.1 }, rank: 'kc', landmarks: 12, warmup: 0.5 }),
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
  'ib-bound': () => ibBound({ eta: 1, warmup: 0 }),
  'ib-bound, other clusters and a part of the images': () =>
    ibBound({ eta: 1, warmup: 0.5, normalize: false, clusters: 3, inputClusters: 5, samples: 16 }),
  'distillation, a teacher': (model) =>
    distillation({
      teacher: { model, weights: model.initialize(new Generator(9)) },
      temperature: 2,
    }),
  'distillation, stored logits': () =>
    distillation({ teacher: { logits: noise([24, 4], 9) }, kind: 'hard', weight: 0.5 }),
};

// On ViT each plugin has all checks of @kcr/testing (extensions.test.ts), and with masks and regularisers all models have been
// (combinations.test.ts): here each plugin has one of the others.
const { vit: _vit, ...otherModels } = smallModels;
const others = Object.entries(otherModels);
const onOthers = Object.entries(plugins).map(([plugin, makePlugin], i) => {
  const [model, makeModel] = others[i % others.length]!;
  return [model, plugin, makeModel, makePlugin] as const;
});

describe.each(onOthers)('%s with %s', (_model, _plugin, makeModel, makePlugin) => {
  test('trains alike on both engines and leaves no tensor behind', async () => {
    const losses: number[][] = [];
    for (const makeEngine of Object.values(engines)) {
      const engine = await makeEngine();
      const before = tf.memory().numTensors;
      const { history } = await fit({
        ...shortRun(makeModel()),
        engine,
        plugins: [makePlugin(makeModel())],
      });
      losses.push(history.map((record) => record.loss!));
      expect(tf.memory().numTensors).toBe(before);
      expect(engine.names()).toEqual([]);
      await engine.dispose();
    }
    losses[0]!.forEach((loss, i) => expect(loss).toBeCloseTo(losses[1]![i]!, 4));
  });
});

test.each(Object.entries(engines))(
  '50 steps with all plugins leave no tensor behind on %s',
  async (_, makeEngine) => {
    const engine = await makeEngine();
    const counts: number[] = [];
    await fit({
      ...shortRun(smallModels.vit!()),
      epochs: 17,
      engine,
      plugins: [
        gumbelMasks({}),
        kcrNystrom({ eta: 0.1, rank: 3, landmarks: 12, warmup: 0 }),
        ibBound({ warmup: 0 }),
      ],
      onStep: () => counts.push(tf.memory().numTensors),
    });
    expect(counts.length).toBeGreaterThanOrEqual(50);
    expect(new Set(counts.slice(1)).size).toBe(1);
    await engine.dispose();
  },
);

test('a run resumes only with the same plugins, adapters and options', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kcr-plugins-'));
  const run = async (eta: number, more = {}) => {
    const plugins = [kcrNystrom({ eta, rank: 3, landmarks: 12 })];
    return fit({
      ...shortRun(smallModels.vit!()),
      engine: await engines.onnx!(),
      plugins,
      directory,
      ...more,
    });
  };
  const { weights } = await run(0.1);
  expect((await run(0.1)).weights).toEqual(weights);
  await expect(run(0.2)).rejects.toThrow(/extensions\[0\]\.options\.eta \(saved 0\.1, now 0\.2\)/);
  await expect(run(0.1, { labelSmoothing: 0.1 })).rejects.toThrow(
    /another options\.labelSmoothing/,
  );
  const model = adapt(smallModels.vit!(), [qkMask({})]);
  await expect(run(0.1, { model })).rejects.toThrow(/another model\.adapters/);
  await rm(directory, { recursive: true });
});

describe('search', () => {
  test('chooses channels within the budget, the same ones on both engines', async () => {
    const kept = [];
    for (const makeEngine of Object.values(engines)) {
      const model = smallModels.vit!();
      const engine = await makeEngine();
      const result = await search({
        ...shortRun(model),
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
      ...shortRun(smallModels.vit!()),
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
    fit({ ...shortRun(smallModels.vit!()), engine: await engines.onnx!(), ...more }).then(
      () => 'no error',
      (error: KcrError) => error.code,
    );
  const plugin = (more: object) => ({
    ...definePlugin({ name: 'x', contract: 1, attach: () => () => ({}) })({}),
    ...more,
  });
  test.each<[string, object]>([
    ['EXTENSION_CONTRACT', { plugins: [plugin({ contract: 2 })] }],
    ['PLUGIN_INVALID', { plugins: [{ name: 'x' }] }],
    ['PLUGIN_DUPLICATE', { plugins: [plugin({}), plugin({})] }],
    [
      'PLUGIN_HOOK',
      {
        plugins: [
          definePlugin({
            name: 'x',
            contract: 1,
            attach: () => () => ({ losss: () => 0 }) as object,
          })({}),
        ],
      },
    ],
    ['RANK', { plugins: [kcrNystrom({ eta: 1, rank: 33 })] }],
    ['LANDMARKS', { plugins: [kcrNystrom({ eta: 1, rank: 3, landmarks: 25 })] }],
    ['OPTION', { plugins: [ibBound({ warmup: 2 })] }],
    ['OPTION', { plugins: [ibBound({ samples: 25 })] }],
    ['OPTION', { plugins: [ibBound({ samples: 12, inputClusters: 13 })] }],
    ['TEACHER', { plugins: [distillation({ teacher: { logits: noise([23, 4], 1) } })] }],
    [
      'TEACHER',
      { plugins: [distillation({ teacher: { model: smallModels.swin!(), weights: {} } })] },
    ],
    ['DIM_ROLES', { plugins: [gumbelMasks({ dims: ['nothing'] })] }],
    ['BATCH_SIZE', { batchSize: 25 }],
    ['DATASET_EMPTY', { train: { ...syntheticData(smallModels.vit!(), 8), length: 0 } }],
    ['DATASET_CLASSES', { train: { ...syntheticData(smallModels.vit!(), 8), classes: ['a'] } }],
    ['LOSS_NOT_FINITE', { optimizer: { lr: 1e30 }, epochs: 5 }],
    [
      'TENSOR_EXPECTED',
      {
        plugins: [
          definePlugin({
            name: 'x',
            contract: 1,
            attach: () => () => ({ loss: () => 1 as never }),
          })({}),
        ],
      },
    ],
  ])('%s', async (code, more) => {
    expect(await attempt(more)).toBe(code);
  });

  test('a search whose architecture part is smaller than a batch', async () => {
    const options = {
      ...shortRun(smallModels.vit!()),
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
    const foreign = definePlugin({
      name: 'foreign',
      contract: 1,
      attach: () => () => ({
        loss: () => new copy.Tensor([], 'float32', {}, 0),
      }),
    })({});
    expect(await attempt({ plugins: [foreign] })).toBe('TENSOR_LIBRARY_DUPLICATE');
  });
});
