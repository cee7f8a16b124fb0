import { writeFile } from 'node:fs/promises';
import { tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { type EngineName, engineMaker, engineNames, type MakeEngine } from './engine.ts';
import { evaluate } from './evaluate.ts';
import { predict } from './predict.ts';
import { prune } from './prune.ts';
import { analyseStage } from './stages/analyse.ts';
import { denseStage } from './stages/dense.ts';
import { pruneStage } from './stages/prune.ts';
import { retrainStage } from './stages/retrain.ts';
import { searchStage } from './stages/search.ts';
import {
  countedEngines,
  temporaryFolder,
  tinyCheckpoint,
  tinyContext,
  tinyImages,
  tinyModel,
  writeClassFolders,
} from './testing/tiny.ts';

test('engines are named, the onnx engine on a device', async () => {
  expect(engineNames).toEqual(['onnx', 'eager']);
  const nameOf = async (...given: Parameters<typeof engineMaker>) => {
    await using engine = await engineMaker(...given)();
    return engine.name;
  };
  expect(await nameOf()).toBe('onnx-cpu');
  expect(await nameOf('onnx', { device: 'cpu', threads: 1 })).toBe('onnx-cpu');
  expect(await nameOf('eager')).toMatch(/^eager-/);
  const names: EngineName[] = ['onnx', 'eager'];
  for (const name of names) {
    const make = engineMaker(name);
    await using first = await make();
    await using second = await make();
    expect(first).not.toBe(second);
  }
});

describe('whoever makes an engine frees it', () => {
  /** Images that cannot be read. */
  const broken = { ...tinyImages(4), batch: () => Promise.reject(new Error('broken')) };
  const broke = { data: { train: broken, test: broken } };
  const quick = { epochs: 1, batchSize: 2, optimizer: { lr: 1e-3 } };
  const masks = { use: '@kcr/masks#gumbelMasks', options: {} };
  const pruning = {
    criterion: { use: '@kcr/criteria#taylor' },
    dims: ['hidden'],
    allocator: 'uniform' as const,
    budget: 0.5,
    images: 4,
    batchSize: 2,
  };
  const cases: Record<string, (engine: MakeEngine, root: string) => Promise<unknown>> = {
    'the dense stage': async (engine, root) =>
      denseStage.run(undefined, await tinyContext(root, { dense: quick }, { engine, ...broke })),
    'the search stage': async (engine, root) => {
      const search = { ...quick, architectureShare: 0.5, plugins: [masks] };
      return searchStage.run(undefined, await tinyContext(root, { search }, { engine, ...broke }));
    },
    'the retrain stage': async (engine, root) => {
      const compact = { model: await tinyModel() };
      return retrainStage.run({ compact }, await tinyContext(root, {}, { engine, ...broke }));
    },
    'the prune stage': async (engine, root) => {
      await tinyCheckpoint(`${root}/dense`);
      const context = await tinyContext(root, { prune: pruning }, { engine, ...broke });
      const dense = { directory: `${root}/dense` };
      return pruneStage.run({ dense, settings: context.recipe.prune! }, context);
    },
    'the analysis': async (engine, root) => {
      await tinyCheckpoint(`${root}/compact`);
      return analyseStage.run(
        [{ name: 'compact', trained: true }],
        await tinyContext(root, {}, { engine, ...broke }),
      );
    },
    evaluation: async (engine, root) => {
      await tinyCheckpoint(`${root}/model`);
      await writeClassFolders(`${root}/data`);
      await writeFile(`${root}/data/light/1.png`, 'no image');
      return evaluate(`${root}/model`, { data: `${root}/data`, engine });
    },
    prediction: async (engine, root) => {
      await tinyCheckpoint(`${root}/model`);
      const given = { model: `${root}/model`, out: `${root}/out`, engine };
      return predict([`${root}/model/model.json`], given);
    },
    'pruning, where what happens cannot be told': async (engine, root) => {
      await tinyCheckpoint(`${root}/model`);
      await writeClassFolders(`${root}/data`);
      return prune(`${root}/model`, {
        data: `${root}/data`,
        out: `${root}/out`,
        pruning,
        engine,
        on: () => {
          throw new Error('nobody listens');
        },
      });
    },
  };
  test.each(Object.entries(cases))('%s, where it fails', async (_, run) => {
    await using folder = await temporaryFolder();
    const engines = countedEngines();
    const before = tf.memory().numTensors;
    await expect(run(engines.make, folder.root)).rejects.toThrow();
    expect(engines.made).toBe(1);
    expect(engines.open).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('pruning that is measured, where it succeeds: one each for pruning, before and after', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('model'));
    await writeClassFolders(folder.at('data'));
    const engines = countedEngines();
    const { before, after } = await prune(folder.at('model'), {
      data: folder.at('data'),
      test: folder.at('data'),
      out: folder.at('out'),
      pruning,
      engine: engines.make,
    });
    expect(after.macs).toBeLessThan(before.macs);
    expect(engines.made).toBe(3);
    expect(engines.open).toBe(0);
  });
});
